import { BACKGROUND_SHARE } from '@rollcall/contracts';
import { createThroughput, type QueueLoad } from './throughput.js';

/** What a request is for. */
export interface Demand {
  /** Nobody waits for it: it lets the others go first. */
  readonly background: boolean;
  /** By when it has to be answered, in milliseconds from now. */
  readonly deadlineMs: number;
}

/** Decides whether a request is accepted, before anything of it is read or stored. */
export interface Admission {
  /**
   * Undefined when the request is accepted, which counts it; else the seconds after which to come again, differing from
   * caller to caller, so that not all come at once.
   */
  refuse(demand: Demand): number | undefined;
  /** Seconds until a job with so many before it is taken; undefined when that cannot be told. */
  estimate(position: number, background: boolean): number | undefined;
  /** Jobs in a second that end when there are enough of them; undefined until that has been seen. */
  perSecond(): number | undefined;
  /** Looks at the queue now, and not only when it is time; resolves when that is done, or Redis is away. */
  look(): Promise<void>;
  stop(): void;
}

export interface AdmissionOptions {
  /** Rejects while Redis is away. */
  readonly readLoad: () => Promise<QueueLoad>;
  readonly maxWaitingJobs: number;
  /** Milliseconds between two looks at the queue. */
  readonly lookMs?: number;
}

const LOOK_MS = 250;

/** An estimate may be this much too low; the rest of the deadline is for that, and for the work itself. */
const USABLE_SHARE_OF_DEADLINE = 0.8;

/**
 * So few waiting jobs are accepted whatever the estimate says: it may be from a time when workers were away, and nothing
 * corrects it while nothing is done.
 */
const ALWAYS_ACCEPTED = 16;

/** Redis needs room to write down what becomes of the jobs that it has. */
const MAX_REDIS_MEMORY = 0.9;

const MAX_RETRY_AFTER_SECONDS = 60;

/**
 * The wait is estimated from the queue's length and the rate at which jobs end, both of which all APIs read in Redis, plus
 * what this one has accepted since.
 */
export function createAdmission({ readLoad, maxWaitingJobs, lookMs = LOOK_MS }: AdmissionOptions): Admission {
  const throughput = createThroughput();
  let load: QueueLoad | undefined;
  /** Since the last look. */
  const accepted = { waiting: 0, background: 0 };
  let looking = false;

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    const before = { ...accepted };
    try {
      const seen = await readLoad();
      throughput.observe(seen, performance.now());
      load = seen;
      // What was accepted before the look is in it, or will be by the next.
      accepted.waiting -= before.waiting;
      accepted.background -= before.background;
    } catch {
      // Redis is away: whoever tries to add a job is told so.
    } finally {
      looking = false;
    }
  }

  /** Jobs in a second that a kind gets when the other kind takes all it may. */
  function rateFor(background: boolean): number | undefined {
    const rate = throughput.perSecond();
    if (rate === undefined || !load) return rate;
    if (background) return load.waiting > 0 ? rate / BACKGROUND_SHARE : rate;
    return load.background > 0 ? (rate * (BACKGROUND_SHARE - 1)) / BACKGROUND_SHARE : rate;
  }

  function estimate(position: number, background: boolean): number | undefined {
    const rate = rateFor(background);
    return rate === undefined ? undefined : position / Math.max(rate, Number.EPSILON);
  }

  const timer = setInterval(look, lookMs);
  timer.unref();
  void look();

  return {
    refuse({ background, deadlineMs }) {
      if (load) {
        const waiting = load.waiting + accepted.waiting;
        const behind = load.background + accepted.background;
        const position = background ? behind : waiting;
        const wait = position < ALWAYS_ACCEPTED ? 0 : (estimate(position, background) ?? 0);
        const usable = (deadlineMs / 1000) * USABLE_SHARE_OF_DEADLINE;
        if (load.memory > MAX_REDIS_MEMORY || waiting + behind >= maxWaitingJobs || wait > usable) {
          return retryAfter(wait - usable, usable);
        }
      }
      if (background) accepted.background++;
      else accepted.waiting++;
      return undefined;
    },
    estimate,
    perSecond: throughput.perSecond,
    look,
    stop: () => clearInterval(timer),
  };
}

/**
 * At random, in whole seconds: over twice the excess, and at least over half of what a caller can wait, for as long as more come
 * than can be served it does not help to come back soon.
 */
function retryAfter(excessSeconds: number, usableSeconds: number): number {
  const spread = Math.min(Math.max(2 * excessSeconds, usableSeconds / 2), MAX_RETRY_AFTER_SECONDS);
  return 1 + Math.floor(Math.random() * Math.max(1, spread));
}
