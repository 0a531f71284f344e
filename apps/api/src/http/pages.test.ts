import { mkdirSync, writeFileSync } from 'node:fs';
import { Hono } from 'hono';
import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/src/support/rollcall.js';
import type { ApiEnvironment } from './context.js';
import { pageRoutes } from './pages.js';
import { secureReplies } from './web-guards.js';

const folder = temporaryFolder();
mkdirSync(`${folder.path}/assets/gate`, { recursive: true });
for (const [name, content] of Object.entries({
  'gate.html': '<!doctype html><title>gate</title>',
  'admin.html': '<!doctype html><title>admin</title>',
  'assets/gate/main.js': 'export {};',
  'assets/gate.css': 'body{}',
  'assets/secret.txt': 'of no known type',
})) {
  writeFileSync(`${folder.path}/${name}`, content);
}
afterAll(folder.remove);

const app = new Hono<ApiEnvironment>();
app.use(async (c, next) => {
  c.set('headers', {});
  c.set('log', {});
  await next();
});
app.use(secureReplies({ corsOrigins: [], isSecure: false }));
app.route('/', pageRoutes(folder.path));
app.get('/v1/other', (c) => c.json({}));

describe('pages', () => {
  it.each([
    ['/', 'text/html; charset=utf-8', '<title>gate</title>'],
    ['/admin', 'text/html; charset=utf-8', '<title>admin</title>'],
    ['/assets/gate/main.js', 'text/javascript; charset=utf-8', 'export {};'],
    ['/assets/gate.css', 'text/css; charset=utf-8', 'body{}'],
  ])('%s is served with its type', async (path, type, text) => {
    const answer = await app.request(path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
    expect(await answer.text()).toContain(text);
  });

  it.each([
    '/gate.html',
    '/assets/secret.txt',
    '/assets/',
    '/assets/../gate.html',
    '/assets/%2e%2e/gate.html',
    '/admin/',
  ])('%s is not there', async (path) => {
    expect((await app.request(path)).status).toBe(404);
  });

  it('may load and ask nothing but this server, and keeps the API’s replies as closed as they are', async () => {
    const policy = (await app.request('/')).headers.get('content-security-policy') ?? '';
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]),
    );
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    const other = (await app.request('/v1/other')).headers.get('content-security-policy');
    expect(other).toBe("default-src 'none'; frame-ancestors 'none'");
  });

  it('has the headers of every reply, but may be kept and asked about', async () => {
    const { headers } = await app.request('/');
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
      'permissions-policy': expect.stringMatching(/camera=\(self\).*microphone=\(\)/),
    });
  });

  it('is not sent again to whoever has it', async () => {
    const etag = (await app.request('/')).headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{27}"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const answer = await app.request('/', { headers: { 'if-none-match': known } });
      expect([known, answer.status, await answer.text()]).toEqual([known, 304, '']);
      expect(answer.headers.get('etag')).toBe(etag);
    }
    expect((await app.request('/', { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    expect((await app.request('/admin')).headers.get('etag')).not.toBe(etag);
  });

  it('answers HEAD without a body', async () => {
    const answer = await app.request('/', { method: 'HEAD' });
    expect([answer.status, await answer.text(), answer.headers.get('content-length')]).toEqual([200, '', '34']);
  });

  it.each(['POST', 'PUT', 'DELETE'])('does not answer to %s', async (method) => {
    expect((await app.request('/', { method })).status).toBe(405);
  });
});
