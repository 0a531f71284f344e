import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createSocketServer, type Server } from 'node:net';
import type { CallbackTarget } from '@rollcall/platform';
import { afterEach, expect, it } from 'vitest';
import { createAuthority } from '../../../../test/src/support/certificates.js';
import { temporaryFolder } from '../../../../test/src/support/rollcall.js';
import { AddressNotAllowedError, post } from './post.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const serve = (listener: RequestListener) => listen(createServer(listener));

function target(url: string, mayConnect = (_address: string) => true): CallbackTarget {
  return { url: new URL(url), mayConnect };
}

const letter = { headers: { 'x-test': 'yes' }, body: '{"ä":1}', timeoutMs: 10_000 };

it('posts what it is given and reads the head of the reply', async () => {
  const seen: unknown[] = [];
  const port = await serve(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    seen.push(request.method, request.url, request.headers['x-test'], request.headers.connection, body);
    response.writeHead(503, { 'retry-after': '120' }).end();
  });
  const reply = await post({ ...letter, target: target(`http://127.0.0.1:${port}/a?b=c#d`) });
  expect(reply).toEqual({ status: 503, retryAfterSeconds: 120 });
  expect(seen).toEqual(['POST', '/a?b=c', 'yes', 'close', '{"ä":1}']);
});

it('follows no redirect', async () => {
  let followed = 0;
  const elsewhere = await serve((_request, response) => {
    followed++;
    response.end();
  });
  const port = await serve((_request, response) => {
    response.writeHead(307, { location: `http://127.0.0.1:${elsewhere}/` }).end();
  });
  expect(await post({ ...letter, target: target(`http://127.0.0.1:${port}/`) })).toMatchObject({ status: 307 });
  expect(followed).toBe(0);
});

it('hangs up on a reply that never ends', async () => {
  const port = await serve((_request, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('x'.repeat(65_536)), 1);
    closers.push(() => clearInterval(timer));
    response.on('close', () => clearInterval(timer));
    response.on('error', () => undefined);
  });
  expect(await post({ ...letter, target: target(`http://127.0.0.1:${port}/`) })).toMatchObject({ status: 200 });
});

it.each([
  ['says nothing', ''],
  ['never ends its head', 'HTTP/1.1 200 OK\r\nX-A: b\r\n'],
  ['only ever says 102', 'HTTP/1.1 102 Processing\r\n\r\n'],
])('gives up on a receiver that %s', async (_what, answer) => {
  const server = createSocketServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(answer);
  });
  const port = await listen(server);
  await expect(post({ ...letter, timeoutMs: 200, target: target(`http://127.0.0.1:${port}/`) })).rejects.toThrow(
    'no answer in time',
  );
});

it('gives up on a name that is not resolved in time', async () => {
  const resolveName = () => new Promise<never>(() => undefined);
  const slow = post({ ...letter, timeoutMs: 200, target: target('http://hooks.example/'), resolveName });
  await expect(slow).rejects.toThrow('no answer in time');
});

it.each([
  ['answers what is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ['changes the protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
  ['has a head without measure', `HTTP/1.1 200 OK\r\nX-A: ${'b'.repeat(100_000)}\r\n\r\n`],
  ['hangs up', undefined],
])('rejects when the receiver %s', async (_what, answer) => {
  const server = createSocketServer((socket) => {
    socket.on('error', () => undefined);
    if (answer === undefined) socket.destroy();
    else socket.end(answer);
  });
  const port = await listen(server);
  await expect(post({ ...letter, target: target(`http://127.0.0.1:${port}/?secret=s3cret`) })).rejects.not.toThrow(
    's3cret',
  );
});

it('connects to the address that was checked, whatever the name means at the next look', async () => {
  const port = await serve((_request, response) => void response.end());
  const answers = [[{ address: '127.0.0.1', family: 4 }], [{ address: '169.254.169.254', family: 4 }]];
  const checked: string[] = [];
  const mayConnect = (address: string) => checked.push(address) > 0 && address === '127.0.0.1';
  const rebinding = {
    ...letter,
    target: target(`http://hooks.example:${port}/`, mayConnect),
    resolveName: async () => answers.shift() ?? [],
  };
  expect(await post(rebinding)).toMatchObject({ status: 200 });
  await expect(post(rebinding)).rejects.toBeInstanceOf(AddressNotAllowedError);
  await expect(post(rebinding)).rejects.toBeInstanceOf(AddressNotAllowedError);
  expect(checked).toEqual(['127.0.0.1', '169.254.169.254']);
});

it('does not connect when one of the addresses is not allowed', async () => {
  let connections = 0;
  const port = await serve((_request, response) => {
    connections++;
    response.end();
  });
  const resolveName = async () => [
    { address: '127.0.0.1', family: 4 },
    { address: '10.0.0.1', family: 4 },
  ];
  const mixed = target(`http://hooks.example:${port}/`, (address) => address === '127.0.0.1');
  await expect(post({ ...letter, target: mixed, resolveName })).rejects.toBeInstanceOf(AddressNotAllowedError);
  expect(connections).toBe(0);
});

it('trusts no certificate of an unknown authority', async () => {
  const folder = temporaryFolder();
  closers.push(folder.remove);
  const { cert, key } = await (await createAuthority(folder.path, 'stranger')).issue('127.0.0.1');
  const server = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_request, response) => {
    response.end();
  });
  server.on('tlsClientError', () => undefined);
  const port = await listen(server);
  // biome-ignore lint/style/noProcessEnv: what somebody may have set to get rid of another problem
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  closers.push(() => {
    // biome-ignore lint/style/noProcessEnv: as it was
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  });
  await expect(post({ ...letter, target: target(`https://127.0.0.1:${port}/`) })).rejects.toThrow(
    'unable to verify the first certificate',
  );
});
