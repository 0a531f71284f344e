import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type CallbackEvent, callbackEventSchema, employeePrefix, QUEUE_NAME } from '@rollcall/contracts';
import { createBlobStore } from '@rollcall/platform';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createAuthority } from './support/certificates.js';
import { form, get, photo, post, remove } from './support/client.js';
import { type RedisServer, startRedis } from './support/redis.js';
import { type RollcallProcess, type System, startSystem, startWorker, temporaryFolder } from './support/rollcall.js';
import { until } from './support/until.js';

// From the request with a callback_url to the receiver that checks the signature, each in a process of its own.
const SECRET = 'Zm9yIHRoZSB0ZXN0cyBvbmx5LCBpdCBzYXlz';
const NAME = 'called.back';
const folder = temporaryFolder();
let redis: RedisServer;
let client: Redis;
let settings: Record<string, string>;
let api: System;
let worker: RollcallProcess | undefined;

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly event: CallbackEvent;
}

let received: Received[] = [];
let answer = (response: ServerResponse): void => void response.end();
let receiver: ReturnType<typeof createServer>;
let callbackUrl: string;

beforeAll(async () => {
  const authority = await createAuthority(folder.path, 'receivers');
  const { cert, key } = await authority.issue('127.0.0.1');
  receiver = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, async (request, response) => {
    const text = Buffer.concat(await request.toArray()).toString();
    received.push({ headers: request.headers, text, event: callbackEventSchema.parse(JSON.parse(text)) });
    answer(response);
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const host = `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  callbackUrl = `https://${host}/hook?token=s3cret`;
  redis = await startRedis();
  client = new Redis(redis.url);
  settings = {
    DATA_DIR: folder.path,
    REDIS_URL: redis.url,
    WORKER_PROCESSES: '1',
    CALLBACK_HOSTS: host,
    CALLBACK_SECRET: SECRET,
    NODE_EXTRA_CA_CERTS: authority.file,
  };
  const store = createBlobStore({ s3: undefined, dataDir: folder.path });
  await store.put(`${employeePrefix(NAME)}face_1.jpg`, await photo('person_a_1.jpg'));
  api = await startSystem('api', settings);
});
afterAll(async () => {
  await api?.stop();
  await worker?.stop();
  client?.disconnect();
  await redis?.stop();
  receiver?.close();
  folder.remove();
});
beforeEach(() => {
  received = [];
  answer = (response) => void response.end();
});

async function submit(url = callbackUrl) {
  const data = form(NAME, await photo('person_a_2.jpg'));
  data.set('callback_url', url);
  return post(`${api.url}/v1/verifications`, data, { prefer: 'respond-async' });
}

const arrives = (count: number) =>
  until(`callback ${count} arrives`, () => received[count - 1], 30_000) as Promise<Received>;

/** Keys of callbacks that have not ended. */
async function waiting(): Promise<string[]> {
  return (await client.keys('bull:{rollcall}-callbacks:*')).filter((key) => /[0-9a-f]{12}(:processed)?$/.test(key));
}

function expectSigned({ headers, text }: Received): void {
  const { t, v1 } = Object.fromEntries(`${headers['rollcall-signature']}`.split(',').map((part) => part.split('=')));
  expect(v1).toBe(createHmac('sha256', SECRET).update(`${t}.${text}`).digest('hex'));
  expect(Math.abs(Date.now() / 1000 - Number(t))).toBeLessThan(60);
}

it.each([
  'https://elsewhere.example/hook',
  'https://127.0.0.1/',
  'http://169.254.169.254/latest/meta-data/',
  'https://[::1]/',
  'not a url',
])('takes no job whose callback_url is %s', async (url) => {
  const { status, body } = await submit(url);
  expect([status, body.code]).toEqual([422, 'callback_not_allowed']);
  expect(await waiting()).toEqual([]);
});

it('tells of a job that is cancelled', async () => {
  const { body } = await submit();
  expect((await remove(`${api.url}/v1/jobs/${body.job_id}`)).status).toBe(200);
  const { event } = await arrives(1);
  expect(event).toMatchObject({ type: 'job.ended', job_id: body.job_id, job: { status: 'cancelled' } });
});

it('loses no callback when the API is killed before the end of the job, and the worker at it', async () => {
  const { status, body } = await submit();
  expect(status).toBe(202);
  await api.stop('SIGKILL');
  worker = await startWorker(settings);
  await until('the job has ended', async () =>
    (await client.zscore(`bull:${QUEUE_NAME}:completed`, body.job_id)) === null ? undefined : true,
  );
  await worker.stop('SIGKILL');
  expect(received).toEqual([]);
  api = await startSystem('api', settings);
  const [delivered, poll] = [await arrives(1), await get(`${api.url}/v1/jobs/${body.job_id}`)];
  expect(delivered.event).toEqual({ type: 'job.ended', job_id: body.job_id, job: poll.body });
  expect(poll.body).toMatchObject({ status: 'succeeded', result: { verified: true } });
  expect(delivered.headers['rollcall-delivery']).toBe(body.job_id);
  expectSigned(delivered);
  await expect.poll(waiting, { timeout: 10_000 }).toEqual([]);
  worker = await startWorker(settings);
});

it('tells nothing of an erased employee', async () => {
  answer = (response) => void response.writeHead(500).end();
  const { body } = await submit();
  const before = await arrives(1);
  expect(before.text).toContain(NAME);
  expect((await remove(`${api.url}/v1/employees/${NAME}`)).status).toBe(200);
  answer = (response) => void response.end();
  const after = await arrives(2);
  expect(after.event).toEqual({ type: 'job.removed', job_id: body.job_id });
  expect(after.headers['rollcall-delivery']).toBe(before.headers['rollcall-delivery']);
  expectSigned(after);
  await expect.poll(waiting, { timeout: 10_000 }).toEqual([]);
});

it('writes no callback_url into the log', () => {
  const lines = [api, worker].flatMap((each) => each?.output() ?? '').join('\n');
  expect(lines).toContain('"callback"');
  expect(lines).not.toContain('s3cret');
});
