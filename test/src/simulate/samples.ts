/** Numbers that are counted and ranked; for millions of them. */
export interface Samples {
  readonly count: number;
  add(value: number): void;
  clear(): void;
  /** The value below which a share (0 to 1) of them lies; undefined when there are none. */
  percentile(share: number): number | undefined;
  mean(): number | undefined;
}

const FIRST_ROOM = 1024;

export function createSamples(): Samples {
  let values = new Float64Array(FIRST_ROOM);
  let count = 0;
  let isSorted = true;
  return {
    get count() {
      return count;
    },
    add(value) {
      if (count === values.length) {
        const grown = new Float64Array(2 * count);
        grown.set(values);
        values = grown;
      }
      values[count++] = value;
      isSorted = false;
    },
    clear() {
      count = 0;
    },
    percentile(share) {
      if (!isSorted) values.subarray(0, count).sort();
      isSorted = true;
      return count === 0 ? undefined : values[Math.min(count - 1, Math.floor(share * count))];
    },
    mean: () => (count === 0 ? undefined : values.subarray(0, count).reduce((sum, value) => sum + value, 0) / count),
  };
}
