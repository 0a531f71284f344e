import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/**
 * Who was erased lately: keeps what was begun before an erasure from coming true after it. A subject is an employee's id or
 * the key of a reference photo.
 */
export interface Erasures {
  /** Remembers that the subject is being erased at `time` (milliseconds since the epoch). Comes before any deletion. */
  mark(subject: string, time: number): Promise<void>;
  /** True when the subject was erased at or after `time`. */
  erasedSince(subject: string, time: number): Promise<boolean>;
  /** True when the subject was erased so lately that it is still remembered, by whatever clock. */
  erasedLately(subject: string): Promise<boolean>;
}

const KEY_PREFIX = '{rollcall}:erased:';

/** Longer than anybody holds a stored object before writing it back: the store's and Redis's timeouts end that. */
const MIN_TTL_MS = 60_000;

/**
 * Kept in Redis under a hash, so that nothing of the person is left there, and only as long as a job can be older than its
 * erasure (`ttlMs`), but a minute at least.
 */
export function createErasures(redis: Redis, ttlMs: number): Erasures {
  return {
    async mark(subject, time) {
      await redis.set(keyOf(subject), `${time}`, 'PX', Math.max(ttlMs, MIN_TTL_MS));
    },
    async erasedSince(subject, time) {
      const erasedAt = await redis.get(keyOf(subject));
      return erasedAt !== null && Number(erasedAt) >= time;
    },
    async erasedLately(subject) {
      return (await redis.exists(keyOf(subject))) > 0;
    },
  };
}

function keyOf(subject: string): string {
  return KEY_PREFIX + createHash('sha256').update(subject).digest('hex');
}
