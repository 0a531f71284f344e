import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { form, photo } from './support/client.js';
import { type RedisServer, startRedis } from './support/redis.js';
import { type System, startSystem, temporaryFolder } from './support/rollcall.js';

// What browsers make of the API, and what they must not be able to do with it.
const PAGE = 'https://gates.example';
const folder = temporaryFolder();
let redis: RedisServer;
let closed: System;
let open: System;

beforeAll(async () => {
  redis = await startRedis();
  const settings = { DATA_DIR: folder.path, REDIS_URL: redis.url };
  [closed, open] = await Promise.all([
    startSystem('api', settings),
    startSystem('api', { ...settings, CORS_ORIGINS: `${PAGE}, https://other.example` }),
  ]);
});
afterAll(async () => {
  await Promise.all([closed?.stop(), open?.stop()]);
  await redis?.stop();
  folder.remove();
});

/** Node's fetch sends no header of these that a page could not choose. */
function send(
  url: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> },
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('replies', () => {
  it.each([
    '/healthz',
    '/openapi.json',
    '/v1/employees',
    '/nothing',
    '/v1/jobs/x',
    '/v1/audit',
    '/docs',
    '/docs/swagger-ui.css',
    '/queues',
    '/queues/static/favicon.ico',
    '/queues/api/queues',
  ])('of %s have secure headers and tell no version', async (path) => {
    const { headers } = await send(closed.url + path, {});
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'cache-control': 'no-store',
    });
    for (const name of ['server', 'x-powered-by', 'access-control-allow-origin', 'strict-transport-security']) {
      expect(headers[name]).toBeUndefined();
    }
    expect(JSON.stringify(headers)).not.toMatch(/node|hono/i);
  });
});

describe('pages of other origins', () => {
  it('may not change anything', async () => {
    const image = await photo('person_a_1.jpg');
    for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example', 'garbage']) {
      const answer = await fetch(`${closed.url}/v1/employees/1/faces`, {
        method: 'POST',
        headers: { origin },
        body: form(undefined, image),
      });
      expect([origin, answer.status]).toEqual([origin, 403]);
      expect(((await answer.json()) as { code: string }).code).toBe('origin_not_allowed');
      expect((await fetch(`${closed.url}/v1/employees/1`, { method: 'DELETE', headers: { origin } })).status).toBe(403);
      for (const path of ['/v1/assessments', '/queues/api/queues/pause', '/docs', '/']) {
        const posted = await fetch(closed.url + path, { method: 'POST', headers: { origin } });
        expect([origin, path, posted.status]).toEqual([origin, path, 403]);
      }
    }
    const own = await fetch(`${closed.url}/v1/employees/1`, { method: 'DELETE', headers: { origin: closed.url } });
    expect(own.status).toBe(404);
  });

  it('may call the API when they are configured', async () => {
    const preflight = await send(`${open.url}/v1/verifications`, {
      method: 'OPTIONS',
      headers: { origin: PAGE, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({ 'access-control-allow-origin': PAGE });
    expect(`${preflight.headers['access-control-allow-headers']}`).toContain('Authorization');
    expect(preflight.headers['access-control-allow-credentials']).toBeUndefined();
    const call = await send(`${open.url}/v1/employees/1`, { method: 'DELETE', headers: { origin: PAGE } });
    expect([call.status, call.headers['access-control-allow-origin']]).toEqual([404, PAGE]);
    const evil = await send(`${open.url}/v1/employees`, { headers: { origin: 'https://evil.example' } });
    expect(evil.headers['access-control-allow-origin']).toBeUndefined();
    // What a browser has remembered is not sent along, or the reply not shown: no page may use an administrator's password.
    for (const path of ['/docs', '/queues/api/queues', '/v1/audit']) {
      const { headers } = await send(open.url + path, { headers: { origin: PAGE } });
      expect([path, headers['access-control-allow-credentials']]).toEqual([path, undefined]);
    }
    const refused = await send(`${closed.url}/v1/verifications`, {
      method: 'OPTIONS',
      headers: { origin: PAGE, 'access-control-request-method': 'POST' },
    });
    expect(refused.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('cannot reach a server without tokens through a name of their own', async () => {
    const { port } = new URL(closed.url);
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', '192.0.2.7']) {
      const answer = await send(`${closed.url}/v1/employees`, { headers: { host } });
      expect([host, answer.status, JSON.parse(answer.text).code]).toEqual([host, 403, 'host_not_allowed']);
    }
    for (const host of ['localhost', `localhost:${port}`, `127.0.0.1:${port}`, '[::1]:5000', 'gate.localhost']) {
      expect([host, (await send(`${closed.url}/v1/employees`, { headers: { host } })).status]).toEqual([host, 200]);
    }
  });

  it('cannot reach a server without tokens through a proxy that calls it localhost', async () => {
    const forwarded = {
      'x-forwarded-for': '192.0.2.7',
      'x-real-ip': '192.0.2.7',
      forwarded: 'for=192.0.2.7',
      via: '1.1 p',
    };
    for (const [name, value] of Object.entries(forwarded)) {
      const answer = await send(`${closed.url}/v1/employees`, { headers: { [name]: value } });
      expect([name, answer.status, JSON.parse(answer.text).code]).toEqual([name, 403, 'host_not_allowed']);
    }
  });
});
