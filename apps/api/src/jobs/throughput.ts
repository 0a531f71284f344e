/** What the queue says of itself at one moment. */
export interface QueueLoad {
  /** Jobs that somebody waits for. */
  readonly waiting: number;
  /** Jobs that may wait. */
  readonly background: number;
  /** Jobs that have ended, ever. */
  readonly ended: number;
  /** Share of what Redis may hold that it holds, 0 to 1; 0 where there is no bound. */
  readonly memory: number;
}

/** How fast jobs end when there are enough of them. */
export interface Throughput {
  /** @param now milliseconds of a clock that never goes back */
  observe(load: QueueLoad, now: number): void;
  /** Jobs in a second; undefined until it has been seen for long enough to be believed. */
  perSecond(): number | undefined;
}

/**
 * Older observations count less: by a factor of e after these times. The lower of the two averages counts, so that what slows
 * down is believed sooner than what speeds up.
 */
const SHORT_MEMORY_MS = 2_500;
const LONG_MEMORY_MS = 10_000;

/** Observations over less than this say little. */
const MIN_INTERVAL_MS = 100;

/** Nor is anything believed that was seen for less than this: a moment in which a worker starts tells nothing of the next. */
const MIN_EVIDENCE_MS = 1_000;

/** A mean of rates in which each counts for its time and less with age, however little has been seen so far. */
interface Average {
  add(rate: number, elapsedMs: number): void;
  raiseTo(rate: number): void;
  readonly value: number;
}

/**
 * The rate at which jobs end while jobs wait is what the workers can do. While none waits they only do what comes in, which
 * tells that they can do at least that.
 */
export function createThroughput(): Throughput {
  const averages = [createAverage(SHORT_MEMORY_MS), createAverage(LONG_MEMORY_MS)];
  let last: { readonly load: QueueLoad; readonly at: number } | undefined;
  /** Whether a job has ended while others waited. Before that there may be no worker. */
  let hasBegun = false;
  let evidenceMs = 0;

  const isBusy = ({ waiting, background }: QueueLoad) => waiting + background > 0;
  const isKnown = () => evidenceMs >= MIN_EVIDENCE_MS;

  return {
    observe(load, now) {
      const previous = last;
      if (previous && now - previous.at < MIN_INTERVAL_MS) return;
      last = { load, at: now };
      // A counter that went back: Redis has been emptied.
      if (!previous || load.ended < previous.load.ended) return;
      const elapsed = now - previous.at;
      const rate = ((load.ended - previous.load.ended) * 1000) / elapsed;
      if (!isBusy(load) || !isBusy(previous.load)) {
        if (isKnown()) for (const average of averages) average.raiseTo(rate);
      } else if (hasBegun) {
        for (const average of averages) average.add(rate, elapsed);
        evidenceMs += elapsed;
      } else {
        // The worker that did this began somewhere in between.
        hasBegun = rate > 0;
      }
    },
    perSecond: () => (isKnown() ? Math.min(...averages.map(({ value }) => value)) : undefined),
  };
}

function createAverage(memoryMs: number): Average {
  let sum = 0;
  let weight = 0;
  return {
    add(rate, elapsedMs) {
      const kept = Math.exp(-elapsedMs / memoryMs);
      sum = sum * kept + rate * (1 - kept);
      weight = weight * kept + (1 - kept);
    },
    raiseTo(rate) {
      sum = Math.max(sum, rate * weight);
    },
    get value() {
      return sum / weight;
    },
  };
}
