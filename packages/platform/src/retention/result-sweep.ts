import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { cleanQueue } from './clean-queue.js';

export interface ResultAges {
  /** How long an ended job is kept. */
  readonly resultTtlMs: number;
  /** How long a job may wait for a worker. */
  readonly jobDeadlineMs: number;
}

/**
 * Removes jobs and events that are too old. BullMQ removes by age only when another job ends, events only by number, and
 * what waits not at all. Any number of sweeps may run at once.
 */
export async function sweepResults(
  queue: Queue,
  redis: Redis,
  { resultTtlMs, jobDeadlineMs }: ResultAges,
): Promise<void> {
  for (const state of ['completed', 'failed'] as const) await cleanQueue(queue, state, resultTtlMs);
  // What no worker took in time is nobody's any more once its result would have been forgotten.
  for (const state of ['wait', 'prioritized', 'delayed'] as const)
    await cleanQueue(queue, state, jobDeadlineMs + resultTtlMs);
  // Entries have Redis' own time in their ids.
  const [seconds] = await redis.time();
  await redis.xtrim(queue.toKey('events'), 'MINID', `${Number(seconds) * 1000 - resultTtlMs}`);
}
