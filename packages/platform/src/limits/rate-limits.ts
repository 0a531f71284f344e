import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

/** How much of its limit a caller has used. */
export interface RateState {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Until the window ends and the whole limit is there again. */
  readonly resetSeconds: number;
}

/** Counts a caller's requests within a minute, for all processes that share a Redis. */
export interface RateLimit {
  /** Counts one request. Never rejects: without Redis each process counts by itself. */
  count(caller: string): Promise<RateState>;
}

const WINDOW_SECONDS = 60;

export interface RateLimitOptions {
  /** Fails fast. */
  readonly redis: Redis;
  /** What is limited; part of the keys in Redis. */
  readonly name: string;
  readonly requestsPerMinute: number;
}

export function createRateLimit({ redis, name, requestsPerMinute }: RateLimitOptions): RateLimit {
  const rules = { points: requestsPerMinute, duration: WINDOW_SECONDS, keyPrefix: `{rollcall}:rate:${name}` };
  const limiter = new RateLimiterRedis({
    ...rules,
    storeClient: redis,
    rejectIfRedisNotReady: true,
    // Whoever is over the limit costs no Redis command until the window ends.
    inMemoryBlockOnConsumed: requestsPerMinute + 1,
    insuranceLimiter: new RateLimiterMemory(rules),
  });
  const stateOf = ({ consumedPoints, msBeforeNext }: RateLimiterRes): RateState => ({
    allowed: consumedPoints <= requestsPerMinute,
    limit: requestsPerMinute,
    remaining: Math.max(0, requestsPerMinute - consumedPoints),
    resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)),
  });
  return {
    async count(caller) {
      try {
        return stateOf(await limiter.consume(caller));
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) return { ...stateOf(refusal), allowed: false, remaining: 0 };
        return { allowed: true, limit: requestsPerMinute, remaining: requestsPerMinute, resetSeconds: WINDOW_SECONDS };
      }
    },
  };
}
