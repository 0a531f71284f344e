import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { statusReplySchema } from '@rollcall/contracts';
import {
  type AuditEntry,
  BlobStoreError,
  connectForBlocking,
  connectForRequests,
  createBlobStore,
  createLogger,
  createRateLimit,
} from '@rollcall/platform';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { form, photo } from '../../../test/src/support/client.js';
import { type RedisServer, startRedis } from '../../../test/src/support/redis.js';
import { temporaryFolder } from '../../../test/src/support/rollcall.js';
import { createApp } from './app.js';
import { createDirectory } from './employees/directory.js';
import { createErase } from './employees/erase.js';
import { createClientAddress } from './http/client-address.js';
import { createReadiness } from './http/health.js';
import { queueBoardHandler } from './http/queue-board.js';
import { createUploadGate } from './http/upload-gate.js';
import { type BullQueue, createBullQueue } from './jobs/bullmq-queue.js';
import { createCancel } from './jobs/cancel.js';
import { createIdempotencyKeys } from './jobs/idempotency.js';
import { ErasureIncompleteError } from './jobs/ports.js';
import { createSubmit } from './jobs/submit.js';
import { createWaiters, type Waiters } from './jobs/waiters.js';
import { createApiMetrics } from './metrics/api-metrics.js';
import { registerSystemGauges } from './metrics/system-gauges.js';
import { createSystemStatus } from './status/system-status.js';

// The API on a real socket, with a real queue that no worker serves: what waits here waits until it leaves.
const folder = temporaryFolder();
const MAX_UPLOAD_BYTES = 1_000_000;
const away = () => new BlobStoreError('unavailable', 'the store is away');
let redis: RedisServer;
let limitsRedis: ReturnType<typeof connectForRequests>;
let queue: BullQueue;
let waiters: Waiters;
let server: ReturnType<typeof createAdaptorServer>;
let url: string;
let app: ReturnType<typeof createApp>;
let isStoreFull = false;
let isStoreAway = false;
let isErasureIncomplete = false;
const audited: AuditEntry[] = [];

beforeAll(async () => {
  redis = await startRedis();
  limitsRedis = connectForRequests(redis.url);
  const logger = createLogger('test', {
    logLevel: 'fatal',
    errorLogFile: `${folder.path}/error_log.txt`,
    logRetentionDays: 1,
  });
  const [queueRedis, eventsRedis] = [connectForRequests(redis.url), connectForBlocking(redis.url)];
  for (const connection of [limitsRedis, queueRedis, eventsRedis]) connection.on('error', () => undefined);
  queue = createBullQueue({
    redis: queueRedis,
    eventsRedis,
    resultTtlSeconds: 60,
    logger,
  });
  await queue.connected(5000);
  waiters = createWaiters({ endedJobs: queue, onError: () => undefined });
  const store = createBlobStore({ s3: undefined, dataDir: folder.path });
  const uploads = {
    ...store,
    put: (key: string, bytes: Uint8Array) =>
      isStoreFull ? Promise.reject(new BlobStoreError('full', 'no space left')) : store.put(key, bytes),
    get: (key: string) => (isStoreAway ? Promise.reject(away()) : store.get(key)),
    folders: (...query: Parameters<typeof store.folders>) =>
      isStoreAway ? Promise.reject(away()) : store.folders(...query),
    list: (prefix: string) => (isStoreAway ? Promise.reject(away()) : store.list(prefix)),
  };
  const readiness = createReadiness({
    redis: async () => 'ok',
    store: () => new Promise(() => undefined),
    workers: async () => {
      throw new Error('nobody');
    },
  });
  const status = createSystemStatus({
    queue,
    admission: { estimate: (position) => position / 4, perSecond: () => 4 },
    readiness,
    matchDistanceThreshold: 0.593,
    maxWaitingJobs: 20_000,
  });
  const registry = new Registry();
  registerSystemGauges(registry, { status, readiness });
  app = createApp({
    submit: createSubmit({
      uploads,
      queue,
      waiters,
      journal: { accepted: async () => undefined },
      idempotencyKeys: createIdempotencyKeys(limitsRedis),
      jobDeadlineMs: 60_000,
      now: Date.now,
    }),
    cancel: createCancel(queue, uploads),
    admission: { refuse: () => undefined, estimate: () => undefined },
    queue,
    waiters,
    directory: createDirectory(uploads),
    erase: createErase({
      store: uploads,
      jobs: {
        eraseJobsOf: (employeeId) =>
          isErasureIncomplete
            ? Promise.reject(new ErasureIncompleteError('a job is running'))
            : queue.eraseJobsOf(employeeId),
      },
      erasures: { mark: async () => undefined },
      changes: { announce: async () => undefined },
      now: Date.now,
      forget: async () => undefined,
    }),
    access: {
      tokens: { required: () => false, verify: () => undefined },
      perToken: createRateLimit({ redis: limitsRedis, name: 'token', requestsPerMinute: 1 }),
      perAddress: createRateLimit({ redis: limitsRedis, name: 'address', requestsPerMinute: 1 }),
    },
    web: { corsOrigins: [], isSecure: false },
    clientAddress: createClientAddress([]),
    lockouts: { lockedFor: async () => 1 },
    readAudit: async function* () {},
    queueBoard: queueBoardHandler(limitsRedis),
    audit: {
      async record(entry) {
        audited.push(entry);
      },
    },
    uploadGate: createUploadGate({ memoryBytes: 10 * MAX_UPLOAD_BYTES, timeoutMs: 30_000 }),
    readiness,
    status,
    metrics: createApiMetrics(registry),
    logger,
    maxUploadBytes: MAX_UPLOAD_BYTES,
    syncTimeoutMs: 60_000,
    jobDeadlineMs: 60_000,
    enforceDetection: false,
    callbackHosts: [],
  });
  server = createAdaptorServer({ fetch: app.fetch });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  waiters.close();
  await queue.close();
  limitsRedis.disconnect();
  await redis.stop();
  folder.remove();
});

it('frees the waiter of every client that leaves', async () => {
  const warnings: Error[] = [];
  process.on('warning', (warning) => warnings.push(warning));
  const image = await photo('person_a_1.jpg');
  const clients = Array.from({ length: 200 }, () => new AbortController());
  const gone = clients.map(({ signal }) =>
    fetch(`${url}/recognize_face`, { method: 'POST', body: form('7', image), signal }).catch(() => 'left'),
  );
  await expect.poll(() => waiters.size, { timeout: 20_000 }).toBe(200);
  for (const client of clients) client.abort();
  await Promise.all(gone);
  await expect.poll(() => waiters.size, { timeout: 20_000 }).toBe(0);
  expect(warnings).toEqual([]);
});

it('answers a full store with 507 and goes on when there is room', async () => {
  const ask = async () =>
    fetch(`${url}/v1/verifications`, {
      method: 'POST',
      body: form('7', await photo('person_a_1.jpg')),
      headers: { prefer: 'respond-async' },
    });
  isStoreFull = true;
  const refused = await ask();
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([507, 'store_full']);
  isStoreFull = false;
  expect((await ask()).status).toBe(202);
});

it.each([
  ['DELETE', '/v1/employees/7', 'erase', '7'],
  ['DELETE', '/v1/employees/7/faces/face_1.jpg', 'erase_photo', '7'],
  ['GET', '/v1/employees/7', 'read', '7'],
  ['GET', '/v1/employees/7/faces/face_1.jpg', 'read_photo', '7'],
  ['GET', '/v1/employees', 'read', null],
])('notes %s %s that fails', async (method, path, action, employee) => {
  audited.length = 0;
  isStoreAway = true;
  const { status } = await fetch(`${url}${path}`, { method });
  isStoreAway = false;
  expect([status, audited]).toEqual([503, [expect.objectContaining({ action, outcome: 'failed', employee })]]);
});

it('notes an erasure that could not be completed', async () => {
  audited.length = 0;
  isErasureIncomplete = true;
  const { status } = await fetch(`${url}/v1/employees/7`, { method: 'DELETE' });
  isErasureIncomplete = false;
  const noted = { action: 'erase', outcome: 'erasure_incomplete', employee: '7' };
  expect([status, audited]).toEqual([503, [expect.objectContaining(noted)]]);
});

it('frees the waiter of a poll that leaves', async () => {
  const accepted = await fetch(`${url}/v1/verifications`, {
    method: 'POST',
    body: form('7', await photo('person_a_1.jpg')),
    headers: { prefer: 'respond-async' },
  });
  const { status_url } = (await accepted.json()) as { status_url: string };
  const client = new AbortController();
  const poll = fetch(`${url}${status_url}?wait=60`, { signal: client.signal }).catch(() => 'left');
  await expect.poll(() => waiters.size).toBe(1);
  client.abort();
  await poll;
  await expect.poll(() => waiters.size).toBe(0);
});

it('answers an endless upload with 413 and does not read it to the end', async () => {
  const upload = request(`${url}/recognize_face`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=b', 'transfer-encoding': 'chunked' },
  });
  const chunk = Buffer.alloc(65_536);
  let closed = false;
  let sent = 0;
  const answered = new Promise<number>((resolve) => {
    upload.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
  });
  const ended = new Promise<void>((resolve) => {
    for (const event of ['close', 'error']) {
      upload.on(event, () => {
        closed = true;
        resolve();
      });
    }
  });
  const send = () => {
    while (!closed && upload.write(chunk)) sent += chunk.length;
    sent += chunk.length;
  };
  upload.on('drain', send);
  send();
  expect(await answered).toBe(413);
  await ended;
  // What the kernel buffers and the server drains so that the client can read the answer is bounded.
  expect(sent).toBeLessThan(200_000_000);
});

it('answers a declared length that is too large without reading anything', async () => {
  const upload = request(`${url}/recognize_face`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=b', 'content-length': `${10 * MAX_UPLOAD_BYTES}` },
  });
  upload.on('error', () => undefined);
  upload.flushHeaders();
  const [response] = await once(upload, 'response');
  expect(response.statusCode).toBe(413);
  upload.destroy();
});

it('is not ready while a check hangs or fails, and says which', async () => {
  const response = await fetch(`${url}/readyz`);
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({
    status: 'not_ready',
    checks: {
      redis: { ok: true },
      store: { ok: false, detail: 'no answer in time' },
      workers: { ok: false, detail: 'nobody' },
    },
  });
});

it('describes every path that it serves', async () => {
  const { paths, components } = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<
      string,
      Record<string, { responses: Record<string, { content?: Record<string, { schema?: { $ref: string } }> }> }>
    >;
    components: { schemas: Record<string, object> };
  };
  // What a browser shows is no interface for programs.
  const pages = /^\/($|admin$|assets\/|docs|queues|openapi\.json$)/;
  const served = app.routes.filter(({ method, path }) => method !== 'ALL' && !pages.test(path));
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  );
  expect(described.sort()).toEqual([...new Set(served.map(({ method, path }) => `${method} ${path}`))].sort());
  const references = [...JSON.stringify(paths).matchAll(/#\/components\/schemas\/(\w+)/g)].map(
    ([, name]) => name ?? '',
  );
  expect(references.length).toBeGreaterThan(20);
  for (const name of references) expect(components.schemas).toHaveProperty(name);
});

it('takes a caller’s request id only when it is harmless', async () => {
  const idFor = async (id: string) =>
    (await fetch(`${url}/healthz`, { headers: { 'x-request-id': id } })).headers.get('x-request-id');
  expect(await idFor('gate-7.42_a')).toBe('gate-7.42_a');
  for (const id of ['<script>', 'x'.repeat(65), 'a b', '"']) expect(await idFor(id)).toMatch(/^[0-9a-f-]{36}$/);
});

const scrape = async () => (await fetch(`${url}/metrics`)).text();
const valueIn = (text: string, name: string) =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')[1],
  );

it('counts requests by route and outcome, and paths that are no route as one', async () => {
  for (const path of ['/nothing', '/%00', '/v1/employees/1001/faces/face_1.jpg/more', '/x'.repeat(500)]) {
    await fetch(`${url}${path}`);
  }
  for (const id of ['1001', '1002', '1003']) await fetch(`${url}/v1/employees/${id}`);
  await fetch(`${url}/v1/jobs/3f2504e0-4f89-41d3-9a0c-0305e82c3301`);
  await fetch(`${url}/healthz`, { method: 'PROPFIND' });
  const text = await scrape();
  const requests = text.split('\n').filter((line) => line.startsWith('rollcall_requests_total'));
  expect(requests).toContain(
    'rollcall_requests_total{method="GET",endpoint="none",outcome="route_not_found",status="404"} 4',
  );
  expect(requests).toContain(
    'rollcall_requests_total{method="GET",endpoint="/v1/employees/{id}",outcome="employee_not_found",status="404"} 3',
  );
  expect(requests).toContain(
    'rollcall_requests_total{method="GET",endpoint="/v1/jobs/{id}",outcome="job_not_found",status="404"} 1',
  );
  expect(requests.some((line) => line.includes('method="other"'))).toBe(true);
  expect(text).not.toMatch(/100[123]|face_1|3f2504e0/);
});

it('shows the same state of the queue to people and to Prometheus', async () => {
  const response = await fetch(`${url}/v1/status`);
  const status = statusReplySchema.parse(await response.json());
  // One job has been waiting since the test of the full store, which left it behind.
  expect(status).toMatchObject({
    match_distance_threshold: 0.593,
    queue: { background: expect.any(Number), jobs_per_second: 4, max_waiting: 20_000 },
    workers: [],
    redis: { ok: true },
    store: { ok: false, detail: 'no answer in time' },
  });
  const background = status.queue?.background ?? 0;
  expect(background).toBeGreaterThan(0);
  expect(status.queue?.oldest_waiting_seconds).toBeGreaterThan(0);
  const text = await scrape();
  expect(valueIn(text, 'rollcall_queue_jobs{state="background"}')).toBe(background);
  expect(valueIn(text, 'rollcall_queue_oldest_waiting_seconds')).toBeGreaterThan(0);
  expect(valueIn(text, 'rollcall_estimated_wait_seconds')).toBe(status.queue?.estimated_wait_seconds);
  expect(valueIn(text, 'rollcall_workers')).toBe(0);
  expect(valueIn(text, 'rollcall_ready{check="redis"}')).toBe(1);
  expect(valueIn(text, 'rollcall_ready{check="store"}')).toBe(0);
});

it('tells nothing of a queue that it cannot see', async () => {
  await redis.kill();
  try {
    await expect
      .poll(async () => ((await (await fetch(`${url}/v1/status`)).json()) as { queue: unknown }).queue, {
        timeout: 15_000,
      })
      .toBeNull();
    const text = await scrape();
    expect(valueIn(text, 'rollcall_queue_oldest_waiting_seconds')).toBeNaN();
    expect(valueIn(text, 'rollcall_queue_jobs{state="background"}')).toBeNaN();
    expect(valueIn(text, 'rollcall_match_distance_threshold')).toBe(0.593);
  } finally {
    await redis.restart();
  }
});
