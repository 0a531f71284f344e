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
  /** Jobs in a second; undefined until it has been seen. */
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

/**
 * The rate at which jobs end while jobs wait is what the workers can do. While none waits they only do what comes in, which
 * tells that they can do at least that.
 */
export function createThroughput(): Throughput {
  let rates: { readonly short: number; readonly long: number } | undefined;
  let last: { readonly load: QueueLoad; readonly at: number } | undefined;

  const isBusy = ({ waiting, background }: QueueLoad) => waiting + background > 0;

  return {
    observe(load, now) {
      const previous = last;
      if (previous && now - previous.at < MIN_INTERVAL_MS) return;
      last = { load, at: now };
      // A counter that went back: Redis has been emptied.
      if (!previous || load.ended < previous.load.ended) return;
      const elapsed = now - previous.at;
      const seen = ((load.ended - previous.load.ended) * 1000) / elapsed;
      const towards = (rate: number, memoryMs: number) => rate + (seen - rate) * (1 - Math.exp(-elapsed / memoryMs));
      if (!isBusy(load) || !isBusy(previous.load)) {
        if (rates) rates = { short: Math.max(rates.short, seen), long: Math.max(rates.long, seen) };
      } else if (rates) {
        rates = { short: towards(rates.short, SHORT_MEMORY_MS), long: towards(rates.long, LONG_MEMORY_MS) };
      } else if (seen > 0) {
        rates = { short: seen, long: seen };
      }
    },
    perSecond: () => rates && Math.min(rates.short, rates.long),
  };
}
