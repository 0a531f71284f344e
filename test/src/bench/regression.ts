import type { StageRatios } from './stage-ratios.js';

export interface Limits {
  /** How many times the baseline a ratio may be. */
  readonly factor: number;
  /** How much above the baseline it may be, however small the baseline is: what measuring alone makes of it. */
  readonly floor: number;
  /** Of stages that need another one. */
  readonly floors?: Readonly<Record<string, number>>;
}

export interface Comparison {
  readonly stage: string;
  /** Undefined where there is none of it. */
  readonly baseline: number | undefined;
  readonly measured: number | undefined;
  readonly verdict: 'ok' | 'regressed' | 'improved' | 'new' | 'gone';
}

/** A stage has regressed when it is above its baseline by both limits; the same downwards is an improvement. */
export function compareRatios(baseline: StageRatios, measured: StageRatios, limits: Limits): Comparison[] {
  const { factor, floor, floors = {} } = limits;
  const stages = new Set([...Object.keys(baseline), ...Object.keys(measured)]);
  return [...stages].map((stage) => {
    const [before, now] = [baseline[stage], measured[stage]];
    return {
      stage,
      baseline: before,
      measured: now,
      verdict: judge(before, now, { factor, floor: floors[stage] ?? floor }),
    };
  });
}

/** Stages that became too dear, or that are not there any more. */
export function regressions(comparisons: readonly Comparison[]): string[] {
  return comparisons.flatMap(({ stage, verdict }) => (verdict === 'regressed' || verdict === 'gone' ? [stage] : []));
}

function judge(before: number | undefined, now: number | undefined, limits: Limits): Comparison['verdict'] {
  if (before === undefined) return 'new';
  if (now === undefined) return 'gone';
  if (Number.isNaN(now)) return 'regressed';
  if (isAbove(now, before, limits)) return 'regressed';
  return isAbove(before, now, limits) ? 'improved' : 'ok';
}

function isAbove(higher: number, lower: number, { factor, floor }: Limits): boolean {
  return higher > factor * lower && higher - lower > floor;
}
