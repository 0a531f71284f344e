import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** Who was erased lately: keeps what was asked for before an erasure from coming true after it. */
export interface Erasures {
  /** Remembers that the employee was erased at `time` (milliseconds since the epoch). */
  mark(employeeId: string, time: number): Promise<void>;
  /** True when the employee was erased at or after `time`. */
  erasedSince(employeeId: string, time: number): Promise<boolean>;
}

const KEY_PREFIX = '{rollcall}:erased:';

/**
 * Kept in Redis under a hash of the id, so that nothing of the person is left there, and only as long as a job can be older
 * than its erasure.
 */
export function createErasures(redis: Redis, ttlMs: number): Erasures {
  return {
    async mark(employeeId, time) {
      await redis.set(keyOf(employeeId), `${time}`, 'PX', ttlMs);
    },
    async erasedSince(employeeId, time) {
      const erasedAt = await redis.get(keyOf(employeeId));
      return erasedAt !== null && Number(erasedAt) >= time;
    },
  };
}

function keyOf(employeeId: string): string {
  return KEY_PREFIX + createHash('sha256').update(employeeId).digest('hex');
}
