import { createThroughput } from '@rollcall/api/throughput';
import type { Agenda } from './agenda.js';
import type { Random } from './random.js';

/** What the queue holds at one moment. */
export interface QueueState {
  readonly waiting: number;
  readonly ended: number;
}

export interface Admission {
  /** Undefined when the request is accepted; else the seconds after which to come again. */
  refuse(deadlineMs: number): number | undefined;
  /** Seconds until a job with so many before it is taken; undefined when that cannot be told. */
  estimate(position: number): number | undefined;
}

/** The constants of apps/api/src/jobs/admission.ts. */
const LOOK_MS = 250;
const USABLE_SHARE_OF_DEADLINE = 0.8;
const ALWAYS_ACCEPTED = 16;
const MAX_RETRY_AFTER_SECONDS = 60;

/**
 * The API's admission in simulated time, for requests that somebody waits for, with the API's own estimate of the throughput.
 * `admission.test.ts` holds the two side by side.
 */
export function createAdmission(agenda: Agenda, random: Random, queue: QueueState, maxWaitingJobs: number): Admission {
  const throughput = createThroughput();
  let waiting = 0;
  let hasLooked = false;
  let acceptedSince = 0;

  function look(): void {
    const { waiting: seen, ended } = queue;
    throughput.observe({ waiting: seen, background: 0, ended, memory: 0 }, agenda.now);
    waiting = seen;
    hasLooked = true;
    acceptedSince = 0;
    agenda.after(LOOK_MS, look);
  }
  look();

  function estimate(position: number): number | undefined {
    const rate = throughput.perSecond();
    return rate === undefined ? undefined : position / Math.max(rate, Number.EPSILON);
  }

  return {
    refuse(deadlineMs) {
      if (hasLooked) {
        const position = waiting + acceptedSince;
        const wait = position < ALWAYS_ACCEPTED ? 0 : (estimate(position) ?? 0);
        const usable = (deadlineMs / 1000) * USABLE_SHARE_OF_DEADLINE;
        if (position >= maxWaitingJobs || wait > usable) {
          const spread = Math.min(Math.max(2 * (wait - usable), usable / 2), MAX_RETRY_AFTER_SECONDS);
          return 1 + Math.floor(random.uniform() * Math.max(1, spread));
        }
      }
      acceptedSince++;
      return undefined;
    },
    estimate,
  };
}
