import { servedPerSecond } from './load-generator.js';
import type { Sample } from './load-process.js';
import { drawPlot, type Series } from './plot.js';
import { percentile } from './statistics.js';
import type { Look } from './watch.js';

export interface OverloadRun {
  readonly samples: readonly Sample[];
  readonly looks: readonly Look[];
  readonly seconds: number;
  /** By when an answer must be there. */
  readonly deadlineMs: number;
  /** Verifications in a second, measured in a closed loop before and after. */
  readonly capacity: number;
}

export interface OverloadReport {
  readonly offered: number;
  /** Neither refused nor lost. */
  readonly accepted: number;
  /** Answered with a decision before the deadline. */
  readonly inTime: number;
  readonly refused: number;
  /** Answered with anything else, by status; 0 is no answer. */
  readonly others: Readonly<Record<string, number>>;
  /** Decisions in time by the second, while requests came. */
  readonly goodput: number;
  /** Of the capacity. */
  readonly goodputShare: number;
  /** Milliseconds. */
  readonly accepted_ms: Percentiles;
  readonly refused_ms: Percentiles;
  /** How many were told to come again after so many seconds. */
  readonly retryAfter: Readonly<Record<string, number>>;
}

interface Percentiles {
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
}

const isRefused = ({ status }: Sample) => status === 503;
const isAccepted = ({ status }: Sample) => status === 200 || status === 202;

export function summarise({ samples, seconds, deadlineMs, capacity }: OverloadRun): OverloadReport {
  const accepted = samples.filter(isAccepted);
  const refused = samples.filter(isRefused);
  const inTime = accepted.filter(({ status, ms }) => status === 200 && ms <= deadlineMs);
  const goodput = servedPerSecond(inTime, seconds);
  return {
    offered: samples.length,
    accepted: accepted.length,
    inTime: inTime.length,
    refused: refused.length,
    others: countBy(
      samples.filter((sample) => !isAccepted(sample) && !isRefused(sample)),
      ({ status }) => status,
    ),
    goodput,
    goodputShare: goodput / capacity,
    accepted_ms: percentilesOf(accepted),
    refused_ms: percentilesOf(refused),
    retryAfter: countBy(refused, ({ retryAfter }) => retryAfter ?? 'none'),
  };
}

/** The run over time, as an SVG. */
export function drawOverload(run: OverloadRun, title: string, subtitle: string): string {
  const { samples, looks, seconds, deadlineMs, capacity } = run;
  const arrivals = bySecond(samples, seconds, ({ at }) => at);
  const ends = bySecond(samples, seconds, ({ at, ms }) => at + ms);
  const count = (seen: readonly Sample[][], fits: (sample: Sample) => boolean) =>
    seen.map((some) => some.filter(fits).length);
  const latency = (share: number) =>
    arrivals.map((some) => {
      const ms = percentile(
        some.filter(isAccepted).map((sample) => sample.ms),
        share,
      );
      return ms === undefined ? undefined : ms / 1000;
    });
  const waiting: Series['values'] = Array.from(
    { length: seconds },
    (_, second) => looks.find(({ at }) => Math.floor(at / 1000) === second)?.waiting,
  );
  return drawPlot({
    title,
    subtitle,
    seconds,
    panels: [
      {
        title: 'Verifications',
        unit: 'per second',
        levels: [{ name: 'capacity', value: capacity }],
        series: [
          { name: 'offered', colour: 'grey', values: count(arrivals, () => true) },
          { name: 'refused with 503', colour: 'orange', values: count(arrivals, isRefused) },
          { name: 'accepted', colour: 'blue', values: count(arrivals, isAccepted) },
          {
            name: 'answered in time',
            colour: 'green',
            values: count(ends, ({ status, ms }) => status === 200 && ms <= deadlineMs),
          },
        ],
      },
      {
        title: 'Queue',
        unit: 'jobs that no worker has taken yet',
        series: [{ name: 'waiting', colour: 'blue', values: waiting }],
      },
      {
        title: 'Time to the answer of what was accepted',
        unit: 'seconds, by second of arrival',
        levels: [{ name: 'deadline', value: deadlineMs / 1000 }],
        series: [
          { name: 'median', colour: 'blue', values: latency(0.5) },
          { name: 'longest', colour: 'orange', values: latency(1) },
        ],
      },
    ],
  });
}

function bySecond(samples: readonly Sample[], seconds: number, when: (sample: Sample) => number): Sample[][] {
  const seen = Array.from({ length: seconds }, (): Sample[] => []);
  for (const sample of samples) seen[Math.floor(when(sample) / 1000)]?.push(sample);
  return seen;
}

function countBy(samples: readonly Sample[], key: (sample: Sample) => string | number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const sample of samples) counts[key(sample)] = (counts[key(sample)] ?? 0) + 1;
  return counts;
}

function percentilesOf(samples: readonly Sample[]): Percentiles {
  const times = samples.map(({ ms }) => ms);
  return { p50: percentile(times, 0.5), p95: percentile(times, 0.95), p99: percentile(times, 0.99) };
}
