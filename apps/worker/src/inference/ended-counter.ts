import { ENDED_COUNTER } from '@rollcall/contracts';
import type { Redis } from 'ioredis';

/** Tells all APIs, in Redis, how many jobs have ended. */
export interface EndedCounter {
  add(): void;
  stop(): void;
}

/** APIs look every 250 ms. */
const FLUSH_MS = 100;

/** Written in batches, and lost with the process: an estimate rests on it, nothing else. */
export function createEndedCounter(redis: Redis): EndedCounter {
  let count = 0;
  const timer = setInterval(() => {
    if (count === 0 || redis.status !== 'ready') return;
    redis.incrby(ENDED_COUNTER, count).catch(() => undefined);
    count = 0;
  }, FLUSH_MS);
  timer.unref();
  return {
    add() {
      count++;
    },
    stop: () => clearInterval(timer),
  };
}
