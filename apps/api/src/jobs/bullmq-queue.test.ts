import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type Outcome, QUEUE_NAME, uploadKey, type VerificationJob } from '@rollcall/contracts';
import { asBullConnection, connectForBlocking, connectForRequests, createLogger } from '@rollcall/platform';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../../../../test/src/support/redis.js';
import { temporaryFolder } from '../../../../test/src/support/rollcall.js';
import { type BullQueue, createBullQueue } from './bullmq-queue.js';
import { createDeparture } from './departure.js';
import { QueueUnavailableError } from './ports.js';
import { createSubmit } from './submit.js';
import { createWaiters } from './waiters.js';

const folder = temporaryFolder();
const logger = createLogger('test', {
  logLevel: 'fatal',
  errorLogFile: `${folder.path}/error_log.txt`,
  logRetentionDays: 1,
});
const EXPIRED: Outcome = { kind: 'expired' };
const REFUSED: Outcome = { kind: 'refused', code: 'employee_not_found' };

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function openQueue(): Promise<BullQueue> {
  const redis = connectForRequests(server.url);
  const eventsRedis = connectForBlocking(server.url);
  for (const connection of [redis, eventsRedis]) connection.on('error', () => undefined);
  const queue = createBullQueue({ redis, eventsRedis, resultTtlSeconds: 60, logger });
  closers.push(() => queue.close());
  await expect.poll(() => queue.available(), { timeout: 5000 }).toBe(true);
  return queue;
}

/** A worker on the real queue that answers what the test says. */
function answer(outcomeOf: (job: VerificationJob) => Outcome | Promise<Outcome>, name?: string): void {
  const redis = connectForBlocking(server.url);
  redis.on('error', () => undefined);
  const worker = new Worker(QUEUE_NAME, async (job) => outcomeOf(job.data), {
    connection: asBullConnection(redis),
    concurrency: 50,
    ...(name && { name }),
  });
  worker.on('error', () => undefined);
  closers.push(async () => {
    await worker.close(true);
    redis.disconnect();
  });
}

function job(): VerificationJob {
  const id = randomUUID();
  const now = Date.now();
  return {
    version: 1,
    id,
    requestId: 'r',
    employeeId: '7',
    kind: 'verify',
    imageKeys: [uploadKey(id)],
    dialect: 'v1',
    origin: { tokenId: null, gate: null },
    submittedAt: now,
    deadline: now + 60_000,
  };
}

function waitersOn(queue: BullQueue, { events = true } = {}) {
  const waiters = createWaiters({ endedJobs: queue, onError: () => undefined });
  if (events) queue.onEnded(waiters.settle);
  closers.push(async () => waiters.close());
  return waiters;
}

it('tells a job from its beginning to its end', async () => {
  const queue = await openQueue();
  const waiters = waitersOn(queue);
  const submitted = job();
  expect(await queue.find(submitted.id)).toBeUndefined();
  await queue.add(submitted, { background: false });
  expect(await queue.find(submitted.id)).toEqual({
    job: submitted,
    status: 'queued',
    background: false,
    position: 0,
  });
  const end = waiters.wait(submitted.id, { timeoutMs: 20_000 });
  const active = new Promise<void>((started) => {
    answer(async () => {
      started();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return REFUSED;
    });
  });
  await active;
  expect(await queue.find(submitted.id)).toMatchObject({ status: 'active' });
  expect(await queue.countWorkers()).toBe(1);
  expect(await end).toEqual({ kind: 'outcome', outcome: REFUSED });
  expect(await queue.find(submitted.id)).toMatchObject({ status: 'succeeded', end: { outcome: REFUSED } });
});

it('tells expired and failed jobs apart, and takes a foreign result for a failure', async () => {
  const queue = await openQueue();
  const waiters = waitersOn(queue);
  const [expired, failing, foreign] = [job(), job(), job()];
  answer((taken) => {
    if (taken.id === failing.id) throw new UnrecoverableError('on purpose');
    return taken.id === expired.id ? EXPIRED : ({ kind: 'poetry' } as never);
  });
  const ends = [expired, failing, foreign].map(({ id }) => waiters.wait(id, { timeoutMs: 20_000 }));
  for (const each of [expired, failing, foreign]) await queue.add(each, { background: false });
  expect(await Promise.all(ends)).toEqual([
    { kind: 'outcome', outcome: EXPIRED },
    { kind: 'failed' },
    { kind: 'failed' },
  ]);
  const statuses = await Promise.all([expired, failing, foreign].map(async ({ id }) => (await queue.find(id))?.status));
  expect(statuses).toEqual(['expired', 'failed', 'failed']);
});

it('answers 1,000 requests that wait at once, without a warning and without a waiter left', async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on('warning', listen);
  const queue = await openQueue();
  const waiters = waitersOn(queue);
  const uploads = { put: async () => undefined, delete: async () => undefined };
  const submit = createSubmit({
    uploads,
    queue,
    waiters,
    journal: { accepted: async () => undefined },
    idempotencyKeys: { claim: () => Promise.reject(new Error('unused')), recorded: async () => undefined },
    jobDeadlineMs: 60_000,
    now: Date.now,
  });
  const client = createDeparture();
  const submissions = Array.from({ length: 1000 }, (_, index) =>
    submit({
      requestId: 'r',
      order: { kind: 'verify', employeeId: `${index}` },
      images: [new Uint8Array()],
      dialect: 'v1',
      origin: { tokenId: null, gate: null },
      address: '127.0.0.1',
      waitMs: 60_000,
      background: false,
      departure: client,
    }),
  );
  await expect.poll(() => waiters.size, { timeout: 20_000 }).toBe(1000);
  answer(({ employeeId }) => (Number(employeeId) % 2 === 0 ? REFUSED : EXPIRED));
  for (const { job, ended } of await Promise.all(submissions)) {
    expect(await ended).toEqual({ kind: 'outcome', outcome: Number(job.employeeId) % 2 === 0 ? REFUSED : EXPIRED });
  }
  expect(waiters.size).toBe(0);
  process.off('warning', listen);
  expect(warnings).toEqual([]);
});

it('answers when every event is lost', async () => {
  const queue = await openQueue();
  const waiters = waitersOn(queue, { events: false });
  const jobs = Array.from({ length: 20 }, job);
  const ends = jobs.map(({ id }) => waiters.wait(id, { timeoutMs: 20_000 }));
  for (const each of jobs) await queue.add(each, { background: false });
  answer(() => REFUSED);
  expect(new Set((await Promise.all(ends)).map((end) => JSON.stringify(end))).size).toBe(1);
  expect(waiters.size).toBe(0);
});

it('fails fast while Redis is away, keeps those who wait, and goes on when it is back', async () => {
  const queue = await openQueue();
  const waiters = waitersOn(queue);
  const early = job();
  const end = waiters.wait(early.id, { timeoutMs: 60_000 });
  await queue.add(early, { background: false });
  await server.kill();
  await expect.poll(() => queue.available(), { timeout: 5000 }).toBe(false);
  await expect(queue.add(job(), { background: false })).rejects.toBeInstanceOf(QueueUnavailableError);
  await expect(queue.find(early.id)).rejects.toBeInstanceOf(QueueUnavailableError);
  await server.restart();
  await expect.poll(() => queue.available(), { timeout: 10_000 }).toBe(true);
  answer(() => REFUSED);
  expect(await end).toEqual({ kind: 'outcome', outcome: REFUSED });
});

it('tells how many jobs are before one, of both kinds', async () => {
  const queue = await openQueue();
  const jobs = Array.from({ length: 4 }, () => job());
  const later = Array.from({ length: 3 }, () => job());
  for (const each of later) await queue.add(each, { background: true });
  for (const each of jobs) await queue.add(each, { background: false });
  const positions = async (all: typeof jobs) =>
    Promise.all(all.map(async ({ id }) => (await queue.find(id))?.position));
  expect(await positions(jobs)).toEqual([0, 1, 2, 3]);
  expect(await positions(later)).toEqual([0, 1, 2]);
  expect(await queue.readLoad()).toMatchObject({ waiting: 4, background: 3, memory: 0 });
});

it('tells what is in the queue, and the age of the oldest job by the clock of Redis', async () => {
  const queue = await openQueue();
  const clock = connectForRequests(server.url);
  closers.push(async () => clock.disconnect());
  await once(clock, 'ready');
  await clock.flushall();
  expect(await queue.readState()).toEqual({
    waiting: 0,
    background: 0,
    active: 0,
    delayed: 0,
    oldestWaitingSeconds: undefined,
  });
  const [seconds] = await clock.time();
  const aged = (age: number) => ({ ...job(), submittedAt: (Number(seconds) - age) * 1000 });
  // The oldest is not the first of its line: another was put back before it.
  for (const age of [20, 90, 30]) await queue.add(aged(age), { background: false });
  expect((await queue.readState()).oldestWaitingSeconds).toBeCloseTo(90, -1);
  await queue.add(aged(500), { background: true });
  const state = await queue.readState();
  expect(state).toMatchObject({ waiting: 3, background: 1, active: 0, delayed: 0 });
  expect(state.oldestWaitingSeconds).toBeGreaterThanOrEqual(500);
  expect(state.oldestWaitingSeconds).toBeLessThan(510);
  // What nobody understands is waiting nevertheless.
  const stranger = new Queue(QUEUE_NAME, { connection: asBullConnection(clock) });
  await stranger.add('verify', 'not an object');
  expect(await queue.readState()).toMatchObject({ waiting: 4, background: 1 });
});

it('names the workers that are connected', async () => {
  const queue = await openQueue();
  expect(await queue.listWorkers()).toEqual([]);
  answer(() => REFUSED, 'machine-1:42');
  const workers = async () => (await queue.listWorkers()).map(({ name }) => name);
  await expect.poll(workers, { timeout: 5000 }).toEqual(['machine-1:42']);
  expect((await queue.listWorkers())[0]?.connectedSeconds).toBeLessThan(60);
});

it('cancels what has not begun, once, and tells whoever waits', async () => {
  const queue = await openQueue();
  const waiters = waitersOn(queue);
  for (const background of [false, true]) {
    const taken = job();
    await queue.add(taken, { background });
    const end = waiters.wait(taken.id, { timeoutMs: 20_000 });
    expect(await Promise.all([queue.cancel(taken), queue.cancel(taken)])).toContain(true);
    expect(await end).toEqual({ kind: 'cancelled' });
    expect(await queue.cancel(taken)).toBe(false);
    expect(await queue.find(taken.id)).toMatchObject({ status: 'cancelled', end: { kind: 'cancelled' } });
    expect((await queue.findEnded([taken.id])).get(taken.id)).toEqual({ kind: 'cancelled' });
  }
  answer(() => REFUSED);
  const done = job();
  await queue.add(done, { background: false });
  expect(await waiters.wait(done.id, { timeoutMs: 20_000 })).toMatchObject({ kind: 'outcome' });
  expect(await queue.cancel(done)).toBe(false);
  expect(await queue.find(done.id)).toMatchObject({ status: 'succeeded' });
});
