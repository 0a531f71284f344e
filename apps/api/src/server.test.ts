import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { ConfigError } from '@rollcall/platform';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/src/support/rollcall.js';
import { createServer, listen, type Server, type ServerOptions, stopServing } from './server.js';

const folder = temporaryFolder();
const inFolder = (name: string) => join(folder.path, name);
const PART = Buffer.alloc(50_000);
const PARTS = 6;
const FILES = { cert: inFolder('cert.pem'), key: inFolder('key.pem') };
let server: Server | undefined;

async function writeCertificate(name: string) {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }]);
  writeFileSync(FILES.key, key);
  writeFileSync(FILES.cert, cert);
}

async function start(options: Partial<ServerOptions> = {}): Promise<URL> {
  server = createServer({
    fetch: () => new Response('served'),
    tls: undefined,
    uploadTimeoutMs: 30_000,
    onCertificateError: () => undefined,
    ...options,
  });
  return new URL(await listen(server, { host: '127.0.0.1', port: 0 }));
}

/** Everything that the server sends until it hangs up. */
function talk(url: URL, ...bytes: readonly (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = connect(Number(url.port), url.hostname);
    let heard = '';
    socket.on('data', (data) => {
      heard += data.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard));
    for (const part of bytes) socket.write(part);
  });
}

/** A client that goes on sending when the server has ended its side. */
function open(url: URL) {
  const socket = connect({ port: Number(url.port), host: url.hostname, allowHalfOpen: true });
  return { socket, closed: once(socket, 'close') };
}

const connections = () => promisify((server as Server).getConnections.bind(server))();

/** A handshake with whatever certificate there is. */
function handshake(url: URL, options: { maxVersion?: 'TLSv1.1' } = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls(
      {
        port: Number(url.port),
        host: url.hostname,
        rejectUnauthorized: false,
        ...(options.maxVersion && { ...options, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }),
      },
      () => resolve(socket),
    );
    socket.on('error', reject);
  });
}

async function servedName(url: URL): Promise<string | undefined> {
  const socket = await handshake(url);
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN as string | undefined;
}

beforeAll(() => writeCertificate('first'));
afterEach(async () => {
  if (server) await stopServing(server);
  server = undefined;
});
afterAll(() => folder.remove());

describe('createServer', () => {
  const STATUS_LINE = /^HTTP\/1\.1 (\d+) [A-Za-z ]+\r\nConnection: close\r\n\r\n$/;

  it.each<[string, string, string]>([
    ['bytes that are no HTTP', '\0\x01garbage\r\n\r\n', '400'],
    ['a TLS handshake', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', '400'],
    ['headers that are too long', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, '431'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', '400'],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      '400',
    ],
  ])('answers %s barely and hangs up', async (_name, bytes, status) => {
    const heard = await talk(await start(), Buffer.from(bytes, 'latin1'));
    expect(STATUS_LINE.exec(heard)?.[1]).toBe(status);
  });

  it('hangs up on whoever does not finish the headers, and serves others meanwhile', async () => {
    const url = await start();
    const slow = talk(url, 'GET / HTTP/1.1\r\nHost: localhost\r\n');
    const silent = talk(url);
    expect(await (await fetch(url)).text()).toBe('served');
    for (const heard of [await slow, await silent]) expect(STATUS_LINE.exec(heard)?.[1]).toBe('408');
  });

  it.each<[string, string]>([
    ['asks to close the connection', 'HTTP/1.1\r\nHost: localhost\r\nConnection: close'],
    ['speaks HTTP/1.0', 'HTTP/1.0\r\nHost: localhost'],
  ])('lets a client that %s send its photo to the end after a reply that did not wait for it', async (_who, head) => {
    const { socket, closed } = open(await start());
    const failures: Error[] = [];
    socket.on('error', (error) => failures.push(error));
    let heard = '';
    socket.on('data', (data) => {
      heard += data;
    });
    socket.write(`POST / ${head}\r\nContent-Length: ${PARTS * PART.length}\r\n\r\n`);
    await expect.poll(() => heard, { timeout: 10_000 }).toMatch(/^HTTP\/1\.1 200 .*served$/s);
    for (let part = 0; part < PARTS; part++) {
      socket.write(PART);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    socket.end();
    await closed;
    expect(failures).toEqual([]);
  });

  it('does not read for ever what a client sends after its reply', async () => {
    const { socket } = open(await start());
    socket.resume();
    socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n');
    // The photo never comes, and the client does not hang up.
    await once(socket, 'end');
    expect(await connections()).toBe(1);
    await expect.poll(connections, { timeout: 20_000 }).toBe(0);
    socket.destroy();
  });

  it('tells nothing of a host name that is none', async () => {
    const url = await start();
    const heard = await talk(url, 'GET / HTTP/1.1\r\nHost: <script>\r\nConnection: close\r\n\r\n');
    expect(heard).toMatch(/^HTTP\/1\.1 400 /);
    expect(heard).not.toContain('script');
  });

  it('serves TLS 1.2 and newer, and survives what is no TLS', async () => {
    const url = await start({ tls: FILES });
    expect(url.protocol).toBe('https:');
    expect(await talk(url, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')).not.toContain('served');
    await expect(handshake(url, { maxVersion: 'TLSv1.1' })).rejects.toThrow();
    const answer = await new Promise<string>((resolve, reject) => {
      const get = request(url, { ca: readFileSync(FILES.cert), checkServerIdentity: () => undefined, agent: false });
      get.on('response', (response) => response.setEncoding('utf8').on('data', resolve));
      get.on('error', reject);
      get.end();
    });
    expect(answer).toBe('served');
  });

  it('takes up a renewed certificate, and keeps the old one while the new one is not usable', async () => {
    await writeCertificate('first');
    const errors: Error[] = [];
    const url = await start({ tls: FILES, certificateCheckMs: 20, onCertificateError: (error) => errors.push(error) });
    expect(await servedName(url)).toBe('first');
    writeFileSync(FILES.cert, 'half a certi');
    await expect.poll(() => errors.length, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(errors[0]).toBeInstanceOf(ConfigError);
    expect(await servedName(url)).toBe('first');
    await writeCertificate('second');
    await expect.poll(() => servedName(url), { timeout: 10_000 }).toBe('second');
  });

  it('says which file of the certificate is wrong', async () => {
    await writeCertificate('first');
    const tls = (files: Partial<typeof FILES>) => start({ tls: { ...FILES, ...files } });
    await expect(tls({ cert: inFolder('none') })).rejects.toThrow(/^TLS_CERT: .*none cannot be read \(ENOENT\)$/);
    await expect(tls({ key: folder.path })).rejects.toThrow(/^TLS_KEY: .* cannot be read \(EISDIR\)$/);
    await expect(tls({ key: FILES.cert })).rejects.toThrow(/^TLS_CERT, TLS_KEY: .* one of them is not usable as PEM/);
    const { private: other } = await generate([{ name: 'commonName', value: 'other' }]);
    writeFileSync(inFolder('other.pem'), other);
    await expect(tls({ key: inFolder('other.pem') })).rejects.toThrow(/the key does not belong to the certificate$/);
    await expect(tls({ key: inFolder('other.pem') })).rejects.toBeInstanceOf(ConfigError);
  });
});

describe('listen', () => {
  it('says that the address is taken', async () => {
    const { port, hostname } = await start();
    const other = createServer({
      fetch: () => new Response(),
      tls: undefined,
      uploadTimeoutMs: 1000,
      onCertificateError: () => undefined,
    });
    await expect(listen(other, { host: hostname, port: Number(port) })).rejects.toThrow(
      /another program listens there/,
    );
  });
});
