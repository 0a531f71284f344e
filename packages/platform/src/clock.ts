import type { Redis } from 'ioredis';

/** Redis' clock: the one that all machines share, whatever their own say. */
export interface SharedClock {
  /** Milliseconds since the epoch. */
  now(): number;
  stop(): void;
}

/** A machine's clock drifts by about a millisecond in a minute; somebody who sets it jumps. */
const COMPARE_EVERY_MS = 10_000;

/**
 * Deadlines are compared on another machine than the one that set them, so both use Redis' time: this machine's, corrected
 * by the difference last seen. Until Redis has answered once it is this machine's.
 */
export function createSharedClock(redis: Redis): SharedClock {
  let offset = 0;

  async function compare(): Promise<void> {
    if (redis.status !== 'ready') return;
    const before = performance.now();
    const [seconds, microseconds] = await redis.time();
    const roundTrip = performance.now() - before;
    // Redis read its clock somewhere in between.
    offset = Number(seconds) * 1000 + Number(microseconds) / 1000 + roundTrip / 2 - Date.now();
  }

  const look = () => void compare().catch(() => undefined);
  const timer = setInterval(look, COMPARE_EVERY_MS);
  timer.unref();
  redis.on('ready', look);
  look();
  return {
    now: () => Math.round(Date.now() + offset),
    stop() {
      clearInterval(timer);
      redis.off('ready', look);
    },
  };
}
