import { readFileSync } from 'node:fs';
import type { Random } from './random.js';

/** When people come: evenly, or most of them around the middle (normal, cut at three standard deviations). */
export type Profile = 'poisson' | 'peaked';

/**
 * Milliseconds at which `count` people arrive within `minutes`, sorted. Each arrives independently of the others, which makes
 * it a Poisson process, given the count; with `peaked` one whose rate is 2.4 × the mean in the middle.
 */
export function drawArrivals(random: Random, count: number, minutes: number, profile: Profile): Float64Array {
  const windowMs = minutes * 60_000;
  return Float64Array.from(
    { length: count },
    () => windowMs * (profile === 'peaked' ? peaked(random) : random.uniform()),
  ).sort();
}

function peaked(random: Random): number {
  for (;;) {
    const at = 0.5 + random.normal() / 6;
    if (at >= 0 && at < 1) return at;
  }
}

/**
 * Milliseconds from a file of seconds, one arrival a line; the first one is the beginning.
 * @throws Error naming the line that is not a number.
 */
export function readTrace(path: string): Float64Array {
  const lines = readFileSync(path, 'utf8').split('\n');
  const seconds = lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    const value = Number(line);
    if (!Number.isFinite(value)) throw new Error(`${path}, line ${index + 1}: not a number of seconds`);
    return [value];
  });
  const sorted = Float64Array.from(seconds).sort();
  const first = sorted[0] ?? 0;
  return sorted.map((second) => (second - first) * 1000);
}

/** The highest rate, in mean rates. */
export const PEAK_FACTOR: Readonly<Record<Profile, number>> = { poisson: 1, peaked: 6 / Math.sqrt(2 * Math.PI) };
