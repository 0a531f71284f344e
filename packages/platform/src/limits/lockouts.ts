import { createHash } from 'node:crypto';
import type { Job, JobOrigin } from '@rollcall/contracts';
import type { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { AccessLimits } from '../config.js';

/** Who a verification is about, and who asked for it. */
export interface Attempt {
  /** Undefined for an identification, which is about everybody. */
  readonly employeeId: string | undefined;
  readonly tokenId: string;
}

/**
 * Counts failed verifications, so that nobody can try faces until one fits. Counted where the decision is made: with the
 * check before each decision, no more than one for each job that is being worked on can pass beyond the limit.
 */
export interface Lockouts {
  /** Seconds until the next verification is allowed; undefined when it is now. */
  lockedFor(attempt: Attempt): Promise<number | undefined>;
  failed(attempt: Attempt): Promise<void>;
  /** Removes what is counted for an employee who is erased. */
  forget(employeeId: string): Promise<void>;
}

/**
 * The attempt that a job is: a verification or an identification, in which somebody may be guessing. Undefined for the
 * others, and where no token was needed: then everybody who can connect is trusted.
 */
export function attemptOf(
  order: { readonly kind: Job['kind']; readonly employeeId?: string },
  { tokenId }: JobOrigin,
): Attempt | undefined {
  if (tokenId === null || (order.kind !== 'verify' && order.kind !== 'identify')) return undefined;
  return { employeeId: order.employeeId, tokenId };
}

export type LockoutLimits = Pick<AccessLimits, 'failedPerEmployee' | 'failedPerToken' | 'lockoutWindowSeconds'>;

/** Methods reject when Redis does not answer. */
export function createLockouts(redis: Redis, limits: LockoutLimits): Lockouts {
  const counter = (name: string, points: number) =>
    new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: `{rollcall}:failed:${name}`,
      points,
      duration: limits.lockoutWindowSeconds,
    });
  const employees = counter('employee', limits.failedPerEmployee);
  const tokens = counter('token', limits.failedPerToken);

  const countersOf = ({ employeeId, tokenId }: Attempt) => [
    { counter: tokens, key: tokenId },
    ...(employeeId === undefined ? [] : [{ counter: employees, key: hashOf(employeeId) }]),
  ];

  return {
    async lockedFor(attempt) {
      const states = await Promise.all(
        countersOf(attempt).map(async ({ counter, key }) => ({ state: await counter.get(key), limit: counter.points })),
      );
      const waits = states.flatMap(({ state, limit }) =>
        state && state.consumedPoints >= limit ? [Math.max(1, Math.ceil(state.msBeforeNext / 1000))] : [],
      );
      return waits.length > 0 ? Math.max(...waits) : undefined;
    },

    async failed(attempt) {
      await Promise.all(countersOf(attempt).map(({ counter, key }) => counter.penalty(key)));
    },

    async forget(employeeId) {
      await employees.delete(hashOf(employeeId));
    },
  };
}

/** Redis keeps no id of a person outside the queue. */
function hashOf(employeeId: string): string {
  return createHash('sha256').update(employeeId).digest('hex');
}
