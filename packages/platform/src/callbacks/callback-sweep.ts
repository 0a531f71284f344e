import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { cleanQueue } from '../retention/clean-queue.js';
import type { ResultAges } from '../retention/result-sweep.js';

const BATCH = 1000;

/**
 * Gives up callbacks that nobody has tried for as long as results are kept, also while no API delivers any: until a callback
 * is first tried, BullMQ keeps a copy of the job's outcome with it. Comes before the sweep of the jobs, so that a callback
 * which that one sets free has some time. Any number of sweeps may run at once.
 */
export async function sweepCallbacks(
  callbacks: Queue,
  redis: Redis,
  { resultTtlMs, jobDeadlineMs }: ResultAges,
): Promise<void> {
  const maxAgeMs = jobDeadlineMs + resultTtlMs;
  for (const state of ['wait', 'delayed'] as const) await cleanQueue(callbacks, state, maxAgeMs);
  // By then the sweep of the jobs has set every other one free: the job of these was lost in the middle of its removal.
  const lost = await redis.zrangebyscore(
    callbacks.toKey('waiting-children'),
    '-inf',
    Date.now() - 2 * maxAgeMs,
    'LIMIT',
    0,
    BATCH,
  );
  for (const id of lost) await callbacks.remove(id);
}
