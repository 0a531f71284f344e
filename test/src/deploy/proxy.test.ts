import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bound } from '../support/bound.js';
import { freePort } from '../support/free-port.js';
import { neededProgram } from '../support/programs.js';
import { temporaryFolder } from '../support/rollcall.js';
import { until } from '../support/until.js';

const CADDYFILE = fileURLToPath(new URL('../../../deploy/Caddyfile', import.meta.url));
const caddy = neededProgram(
  'caddy',
  'CADDY_BINARY',
  'No caddy found: put it on the PATH, or its path into CADDY_BINARY.',
);

interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

describe.skipIf(caddy.isMissing())('the proxy of deploy/compose.production.yml', () => {
  const folder = temporaryFolder();
  let proxy: ChildProcess;
  let api: http.Server;
  let [httpPort, httpsPort] = [0, 0];
  let output = '';

  beforeAll(async () => {
    // Says what reached it.
    api = http.createServer(async (request, response) => {
      if (request.url === '/events') {
        response.write('first\n');
        return;
      }
      const { length } = await buffer(request);
      response.setHeader('X-Frame-Options', 'DENY');
      response.end(JSON.stringify({ headers: request.headers, length }));
    });
    api.listen(0, '127.0.0.1');
    await once(api, 'listening');
    [httpPort, httpsPort] = [await freePort(), await freePort()];
    const healthPort = await freePort();
    proxy = spawn(...bound(caddy.require(), ['run', '--config', CADDYFILE, '--adapter', 'caddyfile']), {
      env: {
        HOME: folder.path,
        XDG_DATA_HOME: folder.path,
        XDG_CONFIG_HOME: folder.path,
        ROLLCALL_DOMAIN: 'localhost',
        ROLLCALL_TLS: 'internal',
        ROLLCALL_API: '127.0.0.1',
        ROLLCALL_API_PORT: `${(api.address() as AddressInfo).port}`,
        ROLLCALL_HTTP_PORT: `${httpPort}`,
        ROLLCALL_HTTPS_PORT: `${httpsPort}`,
        ROLLCALL_HEALTH_PORT: `${healthPort}`,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    proxy.stderr?.on('data', (chunk) => {
      output += chunk;
    });
    await until(`caddy answers: ${output}`, async () => {
      const answered = await fetch(`http://127.0.0.1:${healthPort}/`).catch(() => undefined);
      const isReady = answered?.status === 200 && (await ask({ path: '/' }).catch(() => undefined));
      return isReady ? true : undefined;
    });
  });
  afterAll(() => {
    proxy?.kill('SIGKILL');
    api?.closeAllConnections();
    api?.close();
    folder.remove();
  });

  const target = () => ({ host: '127.0.0.1', port: httpsPort, servername: 'localhost', rejectUnauthorized: false });

  function ask(options: https.RequestOptions, body?: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const headers = { Host: 'localhost', ...options.headers };
      const request = https.request({ ...target(), agent: false, ...options, headers }, async (response) => {
        const text = (await buffer(response)).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
      request.on('error', reject).end(body);
    });
  }

  it('tells the API who asks, whatever the client says, and keeps its headers', async () => {
    const spoofed = { 'X-Forwarded-For': '1.2.3.4', Authorization: 'Bearer x' };
    const { status, headers, body } = await ask({ path: '/v1/status', headers: spoofed });
    expect(status).toBe(200);
    const seen = JSON.parse(body);
    expect(seen.headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      host: 'localhost',
    });
    expect(seen.headers.authorization).toBe('Bearer x');
    expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'strict-transport-security': 'max-age=31536000' });
  });

  it('passes the largest upload on', async () => {
    const photos = Buffer.alloc(101 * 1024 ** 2);
    const { body } = await ask({ path: '/v1/employees/1/faces', method: 'POST' }, photos);
    expect(JSON.parse(body).length).toBe(photos.length);
  });

  it('passes events on as they come', async () => {
    const first = await new Promise<string>((resolve, reject) => {
      const request = https.get({ ...target(), path: '/events', headers: { Host: 'localhost' } }, (response) => {
        response.once('data', (chunk) => {
          resolve(`${chunk}`);
          request.destroy();
        });
        response.on('error', () => undefined);
      });
      request.on('error', reject);
    });
    expect(first).toBe('first\n');
  });

  it('sends who comes without TLS to the door that has it', async () => {
    const reply = await fetch(`http://localhost:${httpPort}/x`, { redirect: 'manual' });
    expect(reply.status).toBe(308);
    expect(reply.headers.get('location')).toBe('https://localhost/x');
  });
});
