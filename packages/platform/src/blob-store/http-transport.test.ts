import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createHttpTransport } from './http-transport.js';

const TIMEOUT_MS = 200;

describe('the HTTP transport', () => {
  const closing: (() => unknown)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  /** A server that answers so, and what tells about its connections. */
  async function start(answer: http.RequestListener) {
    let [opened, closed] = [0, 0];
    const server = http.createServer(answer).listen(0, '127.0.0.1');
    server.on('connection', (socket) => {
      opened++;
      socket.on('close', () => closed++);
    });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    const transport = createHttpTransport({ useSSL: false, timeoutMs: TIMEOUT_MS });
    const get = () =>
      new Promise<http.IncomingMessage>((resolve, reject) => {
        transport.request({ host: '127.0.0.1', port, agent: transport.agent }, resolve).on('error', reject).end();
      });
    closing.push(
      () => transport.agent.destroy(),
      () => server.close(),
    );
    return { get, connections: () => ({ opened, closed }) };
  }

  it.each<[string, http.RequestListener]>([
    ['that does not come', () => undefined],
    ['that does not end', (_, response) => response.write('half')],
  ])('ends the wait for an answer %s, and closes the connection', async (_, answer) => {
    const { get, connections } = await start(answer);
    await expect(get().then(text)).rejects.toMatchObject({ name: 'TimeoutError', code: 'ETIMEDOUT' });
    await vi.waitFor(() => expect(connections()).toEqual({ opened: 1, closed: 1 }));
  });

  it('closes the connection of a failure whose text does not end', async () => {
    const { get, connections } = await start((_, response) => response.writeHead(503).write('half'));
    await expect(get()).rejects.toMatchObject({ name: 'HttpStatusError', status: 503 });
    await vi.waitFor(() => expect(connections()).toEqual({ opened: 1, closed: 1 }));
  });

  it('uses one connection again, after failures and beyond the timeout', async () => {
    let answers = 0;
    const { get, connections } = await start((_, response) =>
      response.writeHead(answers++ % 2 ? 200 : 503).end('text'),
    );
    const begun = performance.now();
    while (performance.now() - begun < 2 * TIMEOUT_MS) {
      await expect(get()).rejects.toThrow('HTTP status 503');
      expect(await get().then(text)).toBe('text');
    }
    expect(connections()).toEqual({ opened: 1, closed: 0 });
  });
});
