import { fileURLToPath } from 'node:url';
import { employeePrefix, originalErrorReplySchema, problemSchema } from '@rollcall/contracts';
import { createBlobStore } from '@rollcall/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { form, photo, post } from './support/client.js';
import { type System, spawnRollcall, startSystem, temporaryFolder } from './support/rollcall.js';
import { runNode } from './support/run.js';
import { basic, bearer, createToken, idOf } from './support/tokens.js';
import { until } from './support/until.js';

const CLI = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));

// A whole Rollcall with tokens, as an operator sets one up.
const folder = temporaryFolder();
const settings = { DATA_DIR: folder.path, WORKER_PROCESSES: '1' };
const tokens = { verify: '', enroll: '', read: '', erase: '', admin: '' };
let system: System;

const call = async (method: string, path: string, headers: Record<string, string> = {}, body?: FormData) => {
  const response = await fetch(system.url + path, { method, headers, ...(body && { body }) });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

beforeAll(async () => {
  for (const scope of ['verify', 'enroll', 'read', 'erase', 'admin'] as const) {
    tokens[scope] = await createToken(settings, scope, scope);
  }
  const store = createBlobStore({ s3: undefined, dataDir: folder.path });
  await store.put(`${employeePrefix('1001')}face_1.jpg`, await photo('person_a_1.jpg'));
  system = await startSystem('start', settings);
});
afterAll(async () => {
  await system?.stop();
  folder.remove();
});

describe('access', () => {
  const nobodys = [
    ['no token', undefined],
    ['an empty one', ''],
    ['a made-up one', 'Bearer rc_aaaaaaaaaaaa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['another scheme', 'Basic YTpi'],
    ['nonsense', `Bearer ${'x'.repeat(5000)}`],
  ] as const;
  it.each(nobodys)('is refused to %s, in both dialects', async (_, authorization) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    const modern = await call('POST', '/v1/verifications', headers, form('1001', await photo('person_a_2.jpg')));
    expect(modern.status).toBe(401);
    expect(modern.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(problemSchema.parse(JSON.parse(modern.text)).code).toBe('unauthorized');
    const original = await call('POST', '/recognize_face', headers, form('1001', await photo('person_a_2.jpg')));
    expect(original.status).toBe(401);
    originalErrorReplySchema.parse(JSON.parse(original.text));
  });

  it('is refused where the right id comes with another secret', async () => {
    const [id, other] = [idOf(tokens.verify), tokens.read.split('_').slice(2).join('_')];
    expect((await call('GET', '/v1/employees', bearer(`rc_${id}_${other}`))).status).toBe(401);
  });

  /** Every route with the scope that it needs. */
  const routes = [
    ['POST', '/recognize_face', 'verify'],
    ['POST', '/v1/verifications', 'verify'],
    ['POST', '/v1/comparisons', 'verify'],
    ['POST', '/v1/identifications', 'verify'],
    ['POST', '/v1/employees/1001/faces', 'enroll'],
    ['POST', '/v1/assessments', 'enroll'],
    ['GET', '/v1/employees', 'read'],
    ['GET', '/v1/employees/1001', 'read'],
    ['GET', '/v1/employees/1001/faces', 'read'],
    ['GET', '/v1/employees/1001/faces/face_9.jpg', 'read'],
    ['DELETE', '/v1/employees/1001/faces/face_9.jpg', 'erase'],
    ['DELETE', '/v1/employees/nobody', 'erase'],
    ['GET', '/v1/audit', 'admin'],
    ['GET', '/v1/status', 'admin'],
    ['GET', '/metrics', 'admin'],
    ['GET', '/docs', 'admin'],
    ['GET', '/docs/anything', 'admin'],
    ['GET', '/queues', 'admin'],
    ['GET', '/queues/api/queues', 'admin'],
  ] as const;
  it.each(routes)('%s %s needs the scope %s', async (method, path, needed) => {
    for (const scope of ['verify', 'enroll', 'read', 'erase', 'admin'] as const) {
      const { status } = await call(method, path, bearer(tokens[scope]));
      const allowed = scope === needed || scope === 'admin';
      expect([scope, status === 403]).toEqual([scope, !allowed]);
      expect(status).not.toBe(401);
      expect(status).toBeLessThan(500);
    }
    expect((await call(method, path)).status).toBe(401);
  });

  it('covers every route there is', async () => {
    const { paths } = JSON.parse((await call('GET', '/openapi.json')).text);
    const described = Object.entries<object>(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const open = ['GET /healthz', 'GET /readyz'];
    const any = ['GET /v1/jobs/{id}', 'DELETE /v1/jobs/{id}'];
    const covered = routes.map(([method, path]) =>
      `${method} ${path}`.replace(/employees\/\w+/, 'employees/{id}').replace(/face_9\.jpg/, '{face}'),
    );
    expect(described.filter((route) => ![...open, ...any, ...covered].includes(route))).toEqual([]);
    const closed = ['/v1', '/v1/nothing', '/recognize_face/', '/.env', '/docsx', '/queues.json', '/Docs'];
    const nearlyOpen = [
      '/admin/',
      '/admin/x',
      '/adminx',
      '/assets',
      '/assets/',
      '/assets//x.js',
      '/assets/..%2fv1',
      '//',
    ];
    for (const path of [...closed, ...nearlyOpen]) {
      expect([path, (await call('GET', path)).status]).toEqual([path, 401]);
    }
  });

  it('is open for liveness, readiness and the description, without details', async () => {
    expect((await call('GET', '/healthz')).text).toBe('{"status":"ok"}');
    const ready = await call('GET', '/readyz');
    expect(ready.status).toBe(200);
    expect(JSON.parse(ready.text).checks).toEqual({
      redis: { ok: true, detail: '' },
      store: { ok: true, detail: '' },
      workers: { ok: true, detail: '' },
    });
    const detailed = JSON.parse((await call('GET', '/readyz', bearer(tokens.admin))).text);
    expect(detailed.checks.workers.detail).toBe('1 connected');
    expect((await call('GET', '/openapi.json')).status).toBe(200);
  });

  it('is open for the pages and their files, which are only there to be read', async () => {
    for (const path of ['/', '/?lang=de', '/admin', '/assets/kiosk.js', '/assets/texts/en.v2.js']) {
      expect([path, (await call('GET', path)).status]).not.toEqual([path, 401]);
      expect([path, (await call('POST', path)).status]).toEqual([path, 401]);
    }
  });

  it.each(['/metrics', '/docs', '/docs/anything', '/queues', '/queues/api/queues'])(
    'to %s is asked for by a dialog of the browser, whose password is the token',
    async (path) => {
      const asked = await call('GET', path);
      expect([asked.status, asked.headers.get('www-authenticate')]).toEqual([
        401,
        'Basic realm="rollcall", charset="UTF-8", Bearer realm="rollcall"',
      ]);
      for (const user of ['', 'Zoë', 'a b'])
        expect((await call('GET', path, basic(tokens.admin, user))).status).not.toBe(401);
      expect((await call('GET', path, basic(tokens.read))).status).toBe(403);
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        expect([method, (await call(method, path, basic(tokens.admin))).status]).toEqual([method, 401]);
      }
      const wrong = [basic(tokens.admin.slice(0, -1)), basic(`:${tokens.admin}`), basic('x', tokens.admin), basic('')];
      for (const headers of wrong) expect((await call('GET', path, headers)).status).toBe(401);
      for (const header of ['Basic', 'Basic !', `Basic ${tokens.admin}`, `Basic ${btoa(tokens.admin)}`]) {
        expect((await call('GET', path, { authorization: header })).status).toBe(401);
      }
    },
  );

  it('is given to no password anywhere else', async () => {
    for (const path of ['/v1/audit', '/v1/employees', '/nothing', '/docs/../v1/audit', '/metricsx', '/queues%2f']) {
      const { status, headers } = await call('GET', path, basic(tokens.admin));
      expect([path, status, headers.get('www-authenticate')]).toEqual([path, 401, 'Bearer realm="rollcall"']);
    }
  });

  it('shows a job to the token that made it, and to admin', async () => {
    const other = await createToken(settings, 'another gate', 'verify');
    const accepted = await until('the new token is known', async () => {
      const headers = { ...bearer(tokens.verify), prefer: 'respond-async' };
      const answer = await post(`${system.url}/v1/verifications`, form('1001', await photo('person_a_2.jpg')), headers);
      return answer.status === 202 ? answer : undefined;
    });
    const path = `${accepted.body.status_url}?wait=20`;
    expect(JSON.parse((await call('GET', path, bearer(tokens.verify))).text)).toMatchObject({
      status: 'succeeded',
      result: { verified: true },
    });
    expect((await call('GET', path, bearer(tokens.admin))).status).toBe(200);
    await until('the other token is known', async () =>
      (await call('GET', path, bearer(other))).status === 404 ? true : undefined,
    );
    const stranger = await call('GET', path, bearer(other));
    const missing = await call('GET', '/v1/jobs/00000000-0000-4000-8000-000000000000', bearer(other));
    const withoutId = (text: string) => text.replace(/"request_id":"[^"]+"/, '');
    expect(withoutId(stranger.text)).toBe(withoutId(missing.text));
    expect((await call('GET', path)).status).toBe(401);
  });

  it('ends within seconds of a revocation', async () => {
    const token = await createToken(settings, 'short-lived', 'read');
    const status = async () => (await call('GET', '/v1/employees', bearer(token))).status;
    await until('the token is let in', async () => ((await status()) === 200 ? true : undefined));
    expect(await runNode(CLI, ['token', 'revoke', idOf(token)], settings)).toMatchObject({ code: 0 });
    await until('the token is refused', async () => ((await status()) === 401 ? true : undefined));
  });

  it('ends when a token expires', async () => {
    const inSeconds = new Date(Date.now() + 4000).toISOString();
    const token = await createToken(settings, 'expiring', 'read', '--expires', inSeconds);
    const status = async () => (await call('GET', '/v1/employees', bearer(token))).status;
    await until('the token is let in', async () => ((await status()) === 200 ? true : undefined), 3500);
    await until('the token is refused', async () => ((await status()) === 401 ? true : undefined));
  });

  it('is only for the gates that a token names', async () => {
    const two = await createToken(settings, 'two gates', 'read', '--gates', 'north,south');
    const one = await createToken(settings, 'one gate', 'read', '--gates', 'east');
    const status = async (token: string, gate?: string) =>
      (await call('GET', '/v1/employees', { ...bearer(token), ...(gate !== undefined && { 'x-gate': gate }) })).status;
    await until('the tokens are known', async () => ((await status(one)) === 200 ? true : undefined));
    expect(await status(two, 'north')).toBe(200);
    expect(await status(two, 'south')).toBe(200);
    expect(await status(two, 'east')).toBe(403);
    expect(await status(two)).toBe(403);
    expect(await status(one, 'east')).toBe(200);
    expect(await status(one, 'north')).toBe(403);
    expect(await status(tokens.read, 'anywhere')).toBe(200);
    expect(await status(tokens.read, 'no such <gate>')).toBe(400);
  });

  it('leaves no token in logs and audit log', async () => {
    const output = system.output();
    for (const token of Object.values(tokens)) {
      expect(output).toContain(idOf(token));
      expect(output).not.toContain(token.split('_').slice(2).join('_'));
    }
  });
});

describe('without tokens', () => {
  const empty = temporaryFolder();
  afterAll(empty.remove);

  it.each(['0.0.0.0', '::', 'no-such-host.invalid'])('refuses to listen on %s, and says what to do', async (host) => {
    const settings = { DATA_DIR: empty.path, HOST: host, REDIS_URL: 'redis://127.0.0.1:1' };
    const api = spawnRollcall('api', settings);
    await expect(api.line(() => false)).rejects.toThrow('npm run token -- create');
    expect(await api.stop()).toBe(78);
  });
});
