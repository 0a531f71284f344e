import { BACKGROUND_SHARE } from '@rollcall/contracts';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/** Keeps jobs that may wait from waiting for ever. */
export interface FairShare {
  /** A job is begun. */
  begun(isBackground: boolean): void;
}

/**
 * BullMQ takes jobs with a priority only while there are none without. So when a process has taken three of those in a row,
 * it brings the oldest of the others to the head of the line: a quarter of the work is theirs while they wait.
 */
export function createFairShare(queue: Queue, redis: Redis, onError: (error: unknown) => void): FairShare {
  let inARow = 0;

  async function promoteOldest(): Promise<void> {
    const [id] = await redis.zrange(queue.toKey('prioritized'), 0, 0);
    if (id === undefined) return;
    const job = await queue.getJob(id);
    // Should another process have brought or taken it in the meantime, this changes nothing.
    await job?.changePriority({ priority: 0, lifo: true });
  }

  return {
    begun(isBackground) {
      inARow = isBackground ? 0 : inARow + 1;
      if (inARow < BACKGROUND_SHARE - 1) return;
      inARow = 0;
      promoteOldest().catch(onError);
    },
  };
}
