/** Width of a bin, and so the precision of everything that is read from the histogram. */
export const BIN = 0.0001;

const BINS = 2 / BIN;

/** Counts of cosine distances, 0 to 2. Its size does not depend on how many there are. */
export interface DistanceHistogram {
  add(distance: number): void;
  readonly count: number;
  readonly mean: number;
  /** Standard deviation. */
  readonly deviation: number;
  /** How many distances are at most this. @param distance rounded to a multiple of {@link BIN} */
  atMost(distance: number): number;
  /** The largest multiple of {@link BIN} that at most `count` of the distances reach; undefined when even 0 is reached by more. */
  largestWithAtMost(count: number): number | undefined;
}

export function createDistanceHistogram(): DistanceHistogram {
  const bins = new Float64Array(BINS + 1);
  let count = 0;
  let mean = 0;
  let squares = 0;
  return {
    add(distance) {
      // Rounded up, so that a distance is never counted below a threshold that it exceeds.
      const bin = Math.min(BINS, Math.max(0, Math.ceil(distance / BIN - 1e-6)));
      bins[bin] = (bins[bin] as number) + 1;
      // Welford's update: https://www.jstor.org/stable/1266577
      count++;
      const deviation = distance - mean;
      mean += deviation / count;
      squares += deviation * (distance - mean);
    },
    get count() {
      return count;
    },
    get mean() {
      return mean;
    },
    get deviation() {
      return count > 1 ? Math.sqrt(squares / (count - 1)) : 0;
    },
    atMost(distance) {
      const last = Math.round(distance / BIN);
      let sum = 0;
      for (let bin = 0; bin <= last && bin <= BINS; bin++) sum += bins[bin] as number;
      return sum;
    },
    largestWithAtMost(allowed) {
      let sum = 0;
      for (let bin = 0; bin <= BINS; bin++) {
        sum += bins[bin] as number;
        if (sum > allowed) return bin === 0 ? undefined : (bin - 1) * BIN;
      }
      return 2;
    },
  };
}
