import type { Agenda } from './agenda.js';
import type { Site, Usage } from './site.js';

/** Figures of one second. */
export interface Second {
  readonly arrived: number;
  readonly answered: number;
  readonly refused: number;
  readonly waiting: number;
  /** The longest time that somebody had waited who was answered in it. */
  readonly worstMs: number | undefined;
  /** Share of each resource, 0 to 1. */
  readonly utilisation: Shares;
}

export type Shares = Readonly<Record<string, number>>;

/** What has happened so far; `worstMs` since the last look. */
export interface Counts {
  arrived: number;
  answered: number;
  refused: number;
  worstMs: number | undefined;
}

/** Looks at the site every simulated second, for as long as the simulation runs. */
export function watchSeconds(agenda: Agenda, site: Site, counts: Counts): readonly Second[] {
  const seconds: Second[] = [];
  let before = { ...counts, usage: site.usage() };
  function look(): void {
    const usage = site.usage();
    seconds.push({
      arrived: counts.arrived - before.arrived,
      answered: counts.answered - before.answered,
      refused: counts.refused - before.refused,
      waiting: site.queue.waiting,
      worstMs: counts.worstMs,
      utilisation: sharesBetween(before.usage, usage, 1000),
    });
    counts.worstMs = undefined;
    before = { ...counts, usage };
    agenda.after(1000, look);
  }
  agenda.after(1000, look);
  return seconds;
}

/** What share of each resource was used in `ms`. */
export function sharesBetween(
  before: Readonly<Record<string, Usage>>,
  after: Readonly<Record<string, Usage>>,
  ms: number,
): Shares {
  return Object.fromEntries(
    Object.entries(after).map(([name, { usedMs, cores }]) => [
      name,
      (usedMs - (before[name]?.usedMs ?? 0)) / (cores * Math.max(ms, 1)),
    ]),
  );
}

/** The highest mean share of each resource over so many seconds on end. */
export function peakShares(seconds: readonly Second[], window: number): Shares {
  const peaks: Record<string, number> = {};
  const sums: Record<string, number> = {};
  seconds.forEach(({ utilisation }, index) => {
    for (const [name, share] of Object.entries(utilisation)) {
      const left = index >= window ? (seconds[index - window]?.utilisation[name] ?? 0) : 0;
      sums[name] = (sums[name] ?? 0) + share - left;
      peaks[name] = Math.max(peaks[name] ?? 0, (sums[name] ?? 0) / Math.min(window, index + 1));
    }
  });
  return peaks;
}
