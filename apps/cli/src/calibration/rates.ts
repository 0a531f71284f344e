import type { Comparisons } from './compare-all.js';

/** A share of errors, 0 to 1, with its 95 % interval. */
export interface Rate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What a threshold would have done to these photos. */
export interface ErrorRates {
  /** Cosine distance up to which two photos match. */
  readonly threshold: number;
  /** False accept rate: pairs of different people that match. */
  readonly far: Rate;
  /** False reject rate: pairs of one person that do not. */
  readonly frr: Rate;
}

export interface Proposal {
  /** Rounded down to 0.001. */
  readonly threshold: number;
  readonly wantedFar: number;
  /** `observed`: counted. `fitted`: from the shape of the distribution, because that is stricter than what was counted. */
  readonly basis: 'observed' | 'fitted';
  /** Whether there are enough people to show the wanted rate: the upper end of the interval is not above it. */
  readonly shown: boolean;
}

/** 97.5 % quantile of the normal distribution. */
const Z_95 = 1.959964;

/**
 * Wilson's score interval: https://doi.org/10.1080/01621459.1927.10502953. It does not vanish where no error was seen.
 *
 * @param trials independent ones; 0 says nothing, so anything is possible.
 */
export function wilson(value: number, trials: number): Rate {
  if (trials === 0) return { value: 0, low: 0, high: 1 };
  const z2 = Z_95 ** 2;
  const centre = (value + z2 / (2 * trials)) / (1 + z2 / trials);
  const half = (Z_95 / (1 + z2 / trials)) * Math.sqrt((value * (1 - value)) / trials + z2 / (4 * trials ** 2));
  return {
    value,
    low: value === 0 ? 0 : Math.max(0, centre - half),
    high: value === 1 ? 1 : Math.min(1, centre + half),
  };
}

/**
 * Several photos of the same people are not independent trials: a person whom the camera does not suit fails in every pair.
 * So a person counts once for the FRR, and two people once for the FAR, however many photos there are of them.
 */
export function ratesAt(threshold: number, comparisons: Comparisons): ErrorRates {
  const { genuine, impostor, peopleWithPairs } = comparisons;
  const shareUpTo = ({ count, atMost }: typeof genuine) => (count === 0 ? 0 : atMost(threshold) / count);
  return {
    threshold,
    far: wilson(shareUpTo(impostor), trialsOf(comparisons)),
    frr: wilson(genuine.count === 0 ? 0 : 1 - shareUpTo(genuine), peopleWithPairs),
  };
}

function trialsOf({ people }: Comparisons): number {
  return (people * (people - 1)) / 2;
}

/**
 * The largest threshold that keeps the wanted FAR even at the upper end of its interval, by count and by a normal distribution
 * of the same mean and deviation, whichever is stricter: a handful of pairs has no tail to count in.
 */
export function proposeThreshold(wantedFar: number, comparisons: Comparisons): Proposal {
  const { impostor } = comparisons;
  const observed = impostor.largestWithAtMost(shareWithin(wantedFar, trialsOf(comparisons)) * impostor.count) ?? 0;
  const fitted = impostor.mean - upperQuantile(wantedFar) * impostor.deviation;
  const threshold = Math.max(0, Math.floor(Math.min(observed, fitted) * 1000 + 1e-6) / 1000);
  return {
    threshold,
    wantedFar,
    basis: fitted < observed ? 'fitted' : 'observed',
    shown: ratesAt(threshold, comparisons).far.high <= wantedFar,
  };
}

/** The largest share of errors whose interval does not reach above `rate`; 0 when there is none. */
function shareWithin(rate: number, trials: number): number {
  let [within, above] = [0, rate];
  for (let halving = 0; halving < 40; halving++) {
    const middle = (within + above) / 2;
    if (wilson(middle, trials).high <= rate) within = middle;
    else above = middle;
  }
  return within;
}

/**
 * What a standard normal variable exceeds with this probability (0 to 0.5), to 4.5e-4: Abramowitz and Stegun, Handbook of
 * Mathematical Functions, 26.2.23.
 */
export function upperQuantile(probability: number): number {
  const t = Math.sqrt(-2 * Math.log(probability));
  return t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}
