import type { JobRef } from '@rollcall/contracts';
import { encodeTombstone, tombstoneKey } from '@rollcall/platform';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/** Then the job's data are gone in any case, should this process die between the script and the removal. */
const LEFTOVER_SECONDS = 60;

/**
 * Takes a job out of the line, which only one can do: a worker that begins it, or this. BullMQ's own removal would also take
 * away the result of a job that has ended in the meantime.
 */
const TAKE_OUT = `
if redis.call('LREM', KEYS[1], -1, ARGV[1]) + redis.call('ZREM', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('SET', KEYS[3], ARGV[2], 'EX', ARGV[3])
redis.call('EXPIRE', KEYS[4], ${LEFTOVER_SECONDS})
return 1`;

/** Ends a job as cancelled unless it has begun. @returns whether it did. */
export function createCancelCommand(
  queue: Queue,
  redis: Redis,
  resultTtlSeconds: number,
): (job: JobRef) => Promise<boolean> {
  return async (job) => {
    const keys = [queue.toKey('wait'), queue.toKey('prioritized'), tombstoneKey(job.id), queue.toKey(job.id)];
    const tombstone = encodeTombstone('cancelled', job);
    const taken = await redis.eval(TAKE_OUT, keys.length, ...keys, job.id, tombstone, resultTtlSeconds);
    if (taken !== 1) return false;
    // Nobody can begin it any more; this removes the rest of it and tells whoever waits.
    await queue.remove(job.id);
    return true;
  };
}
