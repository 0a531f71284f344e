import { drawPlot, type Series } from '../bench/plot.js';
import { escapeHtml } from '../support/text.js';
import type { Samples } from './samples.js';
import type { Second } from './seconds.js';
import type { Result } from './simulate.js';
import type { SiteOptions } from './site.js';

/** Lines in a plot are joined over at most so many points. */
const MAX_POINTS = 900;

/** Figures of a result as JSON has them; milliseconds. */
export function figures(result: Result): Record<string, unknown> {
  const { seconds: _, answerMs, requestMs, lineMs, ...rest } = result;
  return { ...rest, answerMs: ranks(answerMs), requestMs: ranks(requestMs), lineMs: ranks(lineMs) };
}

function ranks(samples: Samples): Record<string, number | undefined> {
  const [p50, p95, p99, longest] = [0.5, 0.95, 0.99, 1].map((share) => samples.percentile(share));
  return { mean: samples.mean(), p50, p95, p99, longest };
}

/** A result for people to read, one figure a line. */
export function describe(result: Result): [string, string][] {
  const { answerMs, requestMs, lineMs, decided, refused, putOff } = result;
  const requests = decided + refused + result.lost;
  const resources = Object.keys(result.utilisation).map((name): [string, string] => [
    name,
    `${percent(result.utilisation[name])} busy while people came, ${percent(result.peakUtilisation[name])} in the busiest ten seconds`,
  ]);
  return [
    [
      'decided',
      `${decided.toLocaleString('en')} in ${(result.elapsedMs / 1000).toFixed(1)} s, ${result.perSecond.toFixed(1)}/s`,
    ],
    ['time to decision', times(answerMs)],
    ['of those at once', times(requestMs)],
    ...(((lineMs.percentile(1) ?? 0) > 0 ? [['line at the gates', times(lineMs)]] : []) as [string, string][]),
    [
      'refused (503)',
      `${refused.toLocaleString('en')} of ${requests.toLocaleString('en')} requests; ${result.lost} never came again`,
    ],
    [
      'put off (202)',
      `${putOff.toLocaleString('en')} (${percent(putOff / Math.max(decided, 1))}), ${result.polls.toLocaleString('en')} polls`,
    ],
    ['longest queue', `${result.maxWaiting.toLocaleString('en')} jobs`],
    ...resources,
  ];
}

function times(samples: Samples): string {
  const ms = (share: number) => `${Math.round(samples.percentile(share) ?? Number.NaN).toLocaleString('en')} ms`;
  return `p50 ${ms(0.5)}, p95 ${ms(0.95)}, p99 ${ms(0.99)}, longest ${ms(1)}`;
}

function percent(share = 0): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Who comes, what is refused and decided, the queue, how long people wait and how busy everything is, over time. */
export function drawResult(result: Result, title: string): string {
  const step = Math.ceil(result.seconds.length / MAX_POINTS);
  const groups = Array.from({ length: Math.ceil(result.seconds.length / step) }, (_, index) =>
    result.seconds.slice(index * step, (index + 1) * step),
  );
  // The plot has a point a second: of a longer run, one for each group, repeated.
  const over = (value: (group: readonly Second[]) => number | undefined): Series['values'] =>
    groups.flatMap((group) => group.map((_, index) => (index === 0 || step === 1 ? value(group) : undefined)));
  const joined = (values: Series['values']): Series['values'] => fill(values);
  const mean = (pick: (second: Second) => number) => (group: readonly Second[]) =>
    group.reduce((sum, second) => sum + pick(second), 0) / group.length;
  const colours = ['blue', 'orange', 'green', 'grey'] as const;
  const shown = ['workers', 'redis', 'api', 'store'] as const;
  return drawPlot({
    title,
    subtitle: `simulated: ${describe(result)[1]?.[1] ?? ''}; ${result.refused.toLocaleString('en')} refused, ${result.putOff.toLocaleString('en')} put off`,
    seconds: result.seconds.length,
    panels: [
      {
        title: 'Verifications',
        unit: 'per second',
        series: [
          { name: 'people arriving', colour: 'grey', values: joined(over(mean(({ arrived }) => arrived))) },
          { name: 'refused with 503', colour: 'orange', values: joined(over(mean(({ refused }) => refused))) },
          { name: 'decided', colour: 'green', values: joined(over(mean(({ answered }) => answered))) },
        ],
      },
      {
        title: 'Queue',
        unit: 'jobs that no worker has taken yet',
        series: [
          {
            name: 'waiting',
            colour: 'blue',
            values: joined(over((group) => Math.max(...group.map(({ waiting }) => waiting)))),
          },
        ],
      },
      {
        title: 'Longest time to a decision',
        unit: 'milliseconds, by second of the decision',
        series: [
          {
            name: 'longest',
            colour: 'orange',
            values: joined(over((group) => Math.max(0, ...group.map(({ worstMs }) => worstMs ?? 0)))),
          },
        ],
      },
      {
        title: 'Utilisation',
        unit: '%',
        series: shown.map((name, index) => ({
          name,
          colour: colours[index] ?? 'grey',
          values: joined(over(mean(({ utilisation }) => 100 * (utilisation[name] ?? 0)))),
        })),
      },
    ],
  });
}

/** Gaps within a group take the value before them. */
function fill(values: Series['values']): Series['values'] {
  let last: number | undefined;
  return values.map((value) => {
    last = value ?? last;
    return last;
  });
}

/** A page of its own, readable in light and dark. */
export function page(
  title: string,
  site: SiteOptions,
  rows: readonly (readonly [string, string])[],
  plot: string,
): string {
  const { workers, apis, store, coresPerMachine, concurrency } = site;
  const about: [string, string] = [
    'site',
    `${workers} worker processes (${coresPerMachine} a machine, ${concurrency} jobs each), ${apis} API instances, store ${store}`,
  ];
  const cells = [about, ...rows].map(
    ([name, text]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(text)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 980px; margin: 2rem auto; padding: 0 1rem; }
th { text-align: left; font-weight: 600; padding-right: 1.5rem; vertical-align: top; white-space: nowrap; }
</style>
<h1>${escapeHtml(title)}</h1>
<table>
${cells.join('\n')}
</table>
${plot}
</html>
`;
}
