import { CALLBACKS_QUEUE_NAME } from '@rollcall/contracts';
import { QueueKeys } from 'bullmq';
import type { Redis } from 'ioredis';

const keys = new QueueKeys();
const BATCH = 500;

/**
 * Removes what BullMQ keeps with the callbacks of these jobs: a copy of the outcome of each that has succeeded, for a parent
 * to read. Ours reads the job itself, so that it tells nothing of what was erased.
 */
export async function removeCopiedOutcomes(redis: Redis, jobIds: readonly string[]): Promise<void> {
  const copies = jobIds.map((id) => `${keys.toKey(CALLBACKS_QUEUE_NAME, id)}:processed`);
  for (let start = 0; start < copies.length; start += BATCH) await redis.unlink(...copies.slice(start, start + BATCH));
}
