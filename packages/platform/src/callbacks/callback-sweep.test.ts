import { CALLBACKS_QUEUE_NAME, QUEUE_NAME } from '@rollcall/contracts';
import { FlowProducer, type JobState, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../../../../test/src/support/redis.js';
import { asBullConnection, connectForRequests } from '../redis.js';
import { sweepResults } from '../retention/result-sweep.js';
import { sweepCallbacks } from './callback-sweep.js';

const AGES = { resultTtlMs: 60_000, jobDeadlineMs: 40_000 };
let server: RedisServer;
let redis: Redis;
let jobs: Queue;
let callbacks: Queue;
beforeAll(async () => {
  server = await startRedis();
  redis = connectForRequests(server.url);
  redis.on('error', () => undefined);
  await new Promise((resolve) => redis.once('ready', resolve));
  jobs = new Queue(QUEUE_NAME, { connection: asBullConnection(redis) });
  callbacks = new Queue(CALLBACKS_QUEUE_NAME, { connection: asBullConnection(redis) });
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

/** A job of this age with its callback. */
async function add(id: string, ageMs: number): Promise<void> {
  const timestamp = Date.now() - ageMs;
  const flow = new FlowProducer({ connection: asBullConnection(redis) });
  await flow.add({
    name: 'callback',
    queueName: CALLBACKS_QUEUE_NAME,
    opts: { jobId: id, timestamp },
    children: [{ name: 'verify', queueName: QUEUE_NAME, opts: { jobId: id, timestamp } }],
  });
}

const states = (queue: Queue, ...ids: string[]): Promise<(JobState | 'unknown')[]> =>
  Promise.all(ids.map((id) => queue.getJobState(id)));

it('keeps callbacks as long as results, and those of swept jobs until the next sweep', async () => {
  await add('new', 0);
  await add('old', 120_000);
  await sweepCallbacks(callbacks, redis, AGES);
  await sweepResults(jobs, redis, AGES);
  expect(await states(callbacks, 'new', 'old')).toEqual(['waiting-children', 'waiting']);
  expect(await states(jobs, 'new', 'old')).toEqual(['waiting', 'unknown']);
  await sweepCallbacks(callbacks, redis, AGES);
  expect(await states(callbacks, 'new', 'old')).toEqual(['waiting-children', 'unknown']);
});

it('does not wait for ever for a job that was lost in the middle of its removal', async () => {
  await add('lost', 240_000);
  await add('vanished', 240_000);
  await redis.lrem(jobs.toKey('wait'), 1, 'lost');
  await redis.lrem(jobs.toKey('wait'), 1, 'vanished');
  await redis.del(jobs.toKey('vanished'));
  await sweepResults(jobs, redis, AGES);
  await sweepCallbacks(callbacks, redis, AGES);
  expect(await states(callbacks, 'lost', 'vanished')).toEqual(['unknown', 'unknown']);
  expect(await redis.keys('*lost*')).toEqual([]);
  expect(await redis.keys('*vanished*')).toEqual([]);
});
