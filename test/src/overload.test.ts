import { setTimeout as sleep } from 'node:timers/promises';
import { employeePrefix, type JobReply, jobReplySchema, problemSchema } from '@rollcall/contracts';
import { type BlobStore, createBlobStore } from '@rollcall/platform';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, form, photo, post, remove } from './support/client.js';
import { type RedisServer, startRedis } from './support/redis.js';
import { type RollcallProcess, type System, startSystem, startWorker, temporaryFolder } from './support/rollcall.js';
import { until } from './support/until.js';

// What a burst meets: admission, cancellation, idempotency, streams. Workers come and go as each test needs them.
const folder = temporaryFolder();
let redis: RedisServer;
let client: Redis;
let store: BlobStore;
let settings: Record<string, string>;
let api: System;
let worker: RollcallProcess | undefined;
let right: Buffer;
let wrong: Buffer;

const verifications = () => `${api.url}/v1/verifications`;
const ASYNC = { prefer: 'respond-async' };
const submit = async (headers: Record<string, string> = {}, image = right, id = '1001') =>
  post(verifications(), form(id, image), { ...ASYNC, ...headers });
const job = async (id: string, query = ''): Promise<JobReply> =>
  jobReplySchema.parse(await (await fetch(`${api.url}/v1/jobs/${id}${query}`)).json());
/** Those that somebody waits for, and all. */
const waiting = () => client.llen('bull:{rollcall}:wait');
const queued = async () => (await waiting()) + (await client.zcard('bull:{rollcall}:prioritized'));
const uploads = async () => (await store.list('uploads/')).filter(({ size }) => size > 0).length;

async function stopWorker(): Promise<void> {
  await worker?.stop();
  worker = undefined;
}
async function needWorker(): Promise<void> {
  worker ??= await startWorker(settings);
}

beforeAll(async () => {
  [right, wrong] = await Promise.all([photo('person_a_2.jpg'), photo('person_b_2.jpg')]);
  redis = await startRedis();
  client = new Redis(redis.url);
  settings = { DATA_DIR: folder.path, REDIS_URL: redis.url, WORKER_PROCESSES: '1' };
  store = createBlobStore({ s3: undefined, dataDir: folder.path });
  await store.put(`${employeePrefix('1001')}face_1.jpg`, await photo('person_a_1.jpg'));
  api = await startSystem('api', settings);
});
afterAll(async () => {
  await stopWorker();
  await api?.stop();
  client?.disconnect();
  await redis?.stop();
  folder.remove();
});

describe('cancelling', () => {
  it('takes back what has not begun, once and for all', async () => {
    await stopWorker();
    const first = (await submit()).body.job_id;
    const second = (await submit()).body.job_id;
    expect(await job(first)).toMatchObject({ status: 'queued', position: 0 });
    expect(await job(second)).toMatchObject({ status: 'queued', position: 1 });
    const poll = job(second, '?wait=20');
    expect(await remove(`${api.url}/v1/jobs/${second}`)).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect(await poll).toMatchObject({ status: 'cancelled', response: { status: 409, body: { code: 'cancelled' } } });
    expect(await uploads()).toBe(1);
    expect((await remove(`${api.url}/v1/jobs/${second}`)).status).toBe(200);

    await needWorker();
    expect(await job(first, '?wait=20')).toMatchObject({ status: 'succeeded', result: { verified: true } });
    const late = await remove(`${api.url}/v1/jobs/${first}`);
    expect([late.status, late.body.code]).toEqual([409, 'job_begun']);
    expect(await job(first)).toMatchObject({ status: 'succeeded' });
    expect(await job(second)).toMatchObject({ status: 'cancelled' });
    expect((await remove(`${api.url}/v1/jobs/00000000-0000-4000-8000-000000000000`)).status).toBe(404);
  });

  it('is what becomes of the job of a client that has left', async () => {
    await stopWorker();
    const client = new AbortController();
    const gone = post(verifications(), form('1001', right), {}, client.signal).catch(() => 'left');
    await until('the upload is there', async () => ((await uploads()) === 1 ? true : undefined));
    client.abort();
    expect(await gone).toBe('left');
    await until('the upload is gone', async () => ((await uploads()) === 0 ? true : undefined));
    expect(await waiting()).toBe(0);
  });
});

describe('an idempotency key', () => {
  it('is refused for another request, and is nobody else’s', async () => {
    await needWorker();
    const headers = { 'idempotency-key': 'one' };
    expect((await post(verifications(), form('1001', right), headers)).status).toBe(200);
    for (const other of [form('1001', wrong), form('1002', right)]) {
      const { status, body } = await post(verifications(), other, headers);
      expect([status, problemSchema.parse(body).code]).toEqual([422, 'idempotency_key_reused']);
    }
    for (const key of ['x'.repeat(256), 'é']) {
      const answer = await fetch(verifications(), {
        method: 'POST',
        headers: { 'idempotency-key': Buffer.from(key).toString('latin1') },
        body: form('1001', right),
      });
      expect(answer.status).toBe(400);
    }
  });

  it('outlives the death of the API that began with it', async () => {
    await stopWorker();
    const headers = { 'idempotency-key': 'survivor' };
    const { body } = await submit(headers);
    await api.stop('SIGKILL');
    api = await startSystem('api', settings);
    expect((await submit(headers)).body.job_id).toBe(body.job_id);
    await needWorker();
    expect(await job(body.job_id, '?wait=20')).toMatchObject({ status: 'succeeded' });
  });
});

describe('a stream of a job’s states', () => {
  it('tells each change and ends with the end', async () => {
    await stopWorker();
    const before = (await submit()).body.job_id;
    const watched = (await submit()).body.job_id;
    const response = await fetch(`${api.url}/v1/jobs/${watched}`, { headers: { accept: 'text/event-stream' } });
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    await remove(`${api.url}/v1/jobs/${before}`);
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (text.includes('"position":0')) await needWorker();
    }
    const states = [...text.matchAll(/^event: state\ndata: (.*)$/gm)].map(([, data]) =>
      jobReplySchema.parse(JSON.parse(data ?? '')),
    );
    expect(states[0]).toMatchObject({ status: 'queued', position: 1 });
    expect(states.some(({ position }) => position === 0)).toBe(true);
    expect(states.at(-1)).toMatchObject({ status: 'succeeded', result: { verified: true } });
  });
});

describe('more than can be done', () => {
  it('is refused at once, before anything is stored, and what is accepted is answered in time', async () => {
    await needWorker();
    // How fast this worker is has to be seen first.
    await Promise.all(Array.from({ length: 60 }, () => post(verifications(), form('1001', right))));
    const answers: (Answer & { ms: number })[] = [];
    const deadlineMs = 4000;
    const strict = await startSystem('api', { ...settings, SYNC_TIMEOUT_MS: `${deadlineMs}` });
    await Promise.all(Array.from({ length: 40 }, () => post(`${strict.url}/v1/verifications`, form('1001', right))));
    const burst = Array.from({ length: 600 }, async (_, index) => {
      await sleep(index * 5);
      const startedAt = performance.now();
      const answer = await post(`${strict.url}/v1/verifications`, form('1001', right));
      answers.push({ ...answer, ms: performance.now() - startedAt });
    });
    await Promise.all(burst);
    const refused = answers.filter(({ status }) => status === 503);
    const served = answers.filter(({ status }) => status === 200);
    expect(refused.length).toBeGreaterThan(50);
    expect(served.length).toBeGreaterThan(10);
    for (const { body, headers } of refused) {
      expect(problemSchema.parse(body).code).toBe('overloaded');
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    // How many were answered in time and how many put off is for the benchmark on a quiet machine.
    const putOff = answers.filter(({ status }) => status === 202);
    expect(served.length + putOff.length).toBe(answers.length - refused.length);
    await strict.stop();
  }, 90_000);

  it('is refused beyond MAX_WAITING_JOBS, and nothing of it is stored', async () => {
    await needWorker();
    await until('nothing is left', async () => ((await uploads()) === 0 ? true : undefined));
    await stopWorker();
    const small = await startSystem('api', { ...settings, MAX_WAITING_JOBS: '5' });
    const send = () => post(`${small.url}/v1/verifications`, form('1001', right), ASYNC);
    const answers: Answer[] = [];
    for (let index = 0; index < 20; index++) answers.push(await send());
    const accepted = answers.filter(({ status }) => status === 202);
    const refused = answers.filter(({ status }) => status === 503);
    expect([accepted.length, refused.length]).toEqual([5, 15]);
    for (const { body, headers } of refused) {
      expect([body.code, body.retryable]).toEqual(['overloaded', true]);
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    expect([await uploads(), await queued()]).toEqual([5, 5]);
    for (const { body } of accepted) expect((await remove(`${small.url}/v1/jobs/${body.job_id}`)).status).toBe(200);
    await small.stop();
  }, 60_000);

  it('is refused when Redis is nearly full, and accepted again when it is not', async () => {
    await needWorker();
    const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
    await client.config('SET', 'maxmemory', `${Math.round(used * 1.02)}`);
    const full = await until('it is refused', async () => {
      const answer = await submit();
      return answer.status === 503 ? answer : undefined;
    });
    expect(full.body.code).toMatch(/overloaded|queue_unavailable/);
    await client.config('SET', 'maxmemory', '0');
    const accepted = await until('it is accepted', async () => {
      const answer = await submit();
      return answer.status === 202 ? answer : undefined;
    });
    expect(await job(accepted.body.job_id, '?wait=20')).toMatchObject({ status: 'succeeded' });
  });

  it('leaves a share for those who can wait', async () => {
    await stopWorker();
    // One that has not seen how fast workers are, and refuses nobody.
    const fresh = await startSystem('api', settings);
    const patient = await Promise.all(Array.from({ length: 10 }, () => submit()));
    const answers = Array.from({ length: 30 }, () => post(verifications(), form('1001', right), { prefer: 'wait=60' }));
    await until('everybody waits', async () => ((await waiting()) === 30 ? true : undefined));
    await needWorker();
    for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
    for (const { body } of patient) expect((await job(body.job_id, '?wait=60')).status).toBe('succeeded');
    const order = worker?.lines.filter(({ msg }) => msg === 'job').map(({ job_id }) => job_id) ?? [];
    const theirs = order.slice(0, 20).filter((id) => patient.some(({ body }) => body.job_id === id)).length;
    // A quarter, give or take those that are in hand at the same time.
    expect(theirs).toBeGreaterThanOrEqual(2);
    expect(theirs).toBeLessThanOrEqual(8);
    await fresh.stop();
  }, 120_000);
});
