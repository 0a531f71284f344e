// The report as one page without anything from elsewhere, for light and dark screens.
import { escapeHtml, percent } from '../support/text.js';
import { type ChartColour, drawBarChart, drawLineChart } from './chart.js';
import { processNames } from './print.js';
import type { BenchReport, MedianPoint, SystemReport } from './report.js';
import { addStages } from './stage-cpu.js';
import { STAGES } from './stage-rules.js';

/** For a light page and a dark one, told apart by people who see few colours (after Okabe and Ito, and Paul Tol). */
const COLOURS: readonly (readonly [light: string, dark: string])[] = [
  ['#0072b2', '#56b4e9'],
  ['#c24f00', '#ff9d4d'],
  ['#00855f', '#2ecc9b'],
  ['#9b2d86', '#e08fd0'],
  ['#7a6a00', '#e6d24a'],
  ['#4b4fc4', '#9aa0ff'],
  ['#a3282e', '#f2777a'],
  ['#2f7f8a', '#7fd6e0'],
  ['#6b4a2b', '#d0a878'],
  ['#5d7f1b', '#b6dd62'],
  ['#8a5a9e', '#c9a6dc'],
  ['#b08600', '#ffd166'],
  ['#005f73', '#94d2bd'],
  ['#bb3e03', '#ee9b00'],
  ['#55606e', '#c3cedb'],
];

const STYLE = `
:root { color-scheme: light dark; --page: #ffffff; --text: #1f2328; --grid: #d9dee4; --muted: #8b949e; ${variables(0)} }
@media (prefers-color-scheme: dark) { :root { --page: #0d1117; --text: #e6edf3; --grid: #2d333b; ${variables(1)} } }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
h1, h2 { line-height: 1.2; }
svg { width: 100%; height: auto; display: block; }
svg text { font: 12px system-ui, sans-serif; fill: var(--text); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 0 0 1.5rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 0.3rem 0; }
th, td { padding: 0.2rem 0.7rem; border-bottom: 1px solid var(--grid); text-align: right; white-space: nowrap; }
th:first-child { text-align: left; white-space: normal; }
tbody th { font-weight: normal; }
`;

export function renderHtml(report: BenchReport): string {
  const { at, machine, seconds, rounds, systems, peers } = report;
  const all = [...systems, ...peers];
  const { processor, cores, memoryGb, node } = machine;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rollcall benchmark</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Rollcall benchmark</h1>
<p>${escapeHtml(`${processor}, ${cores} cores, ${memoryGb} GiB, Node ${node}, ${at.slice(0, 10)}. Photos of 250×250 and 640×480 in turn. Clients, API, Redis, store and workers share the cores. Each point was measured for ${seconds} s in each of ${rounds} rounds; medians are shown. The bare pipeline (decode, detect, align, embed, compare in as many processes as there are workers, with nothing around it) was measured before and after every point.`)}</p>
<h2>Targets</h2>
${targetTable(report)}
<h2>Throughput</h2>
${throughputChart(report)}
${all.map((system) => pointTable(system)).join('\n')}
${report.peerMissing === undefined ? '' : `<p>FastAPI + OpenCV ${escapeHtml(report.peerMissing)}</p>`}
<h2>Latency</h2>
${systems.map(latencyChart).join('\n')}
<h2>Processor time by process</h2>
${systems.map(processChart).join('\n')}
${all.map(processTable).join('\n')}
<h2>Processor time by stage</h2>
${stageChart(report)}
${systems.map((system) => stageTable(system, report)).join('\n')}
<h2>Memory, bytes, start, large photos</h2>
${all.map(memoryTable).join('\n')}
${restTable(report)}
</body>
</html>
`;
}

function targetTable({ targets }: BenchReport): string {
  const rows = targets.map(({ what, wanted, measured, met }) => [
    what,
    wanted,
    measured,
    met === undefined ? '' : met ? 'met' : 'missed',
  ]);
  return table(
    'What is wanted on two cores with everything on one machine, client included',
    ['', 'wanted', 'measured', ''],
    rows,
  );
}

function throughputChart({ systems, peers, bare }: BenchReport): string {
  const points = systems[0]?.points ?? [];
  const lines = [...systems, ...peers].map(({ label, points: own }, index) => ({
    name: label,
    colour: colour(index),
    points: own.map(({ clients, perSecond }) => [clients, perSecond] as const),
  }));
  const level = points.map((point) => [point.clients, point.bare] as const);
  const name = `bare pipeline, ${bare.processes} processes`;
  return drawLineChart({
    title: 'Verifications per second',
    unit: 'per second',
    lines: [{ name, colour: 'muted', dashed: true, points: level }, ...lines],
  });
}

function latencyChart({ title, points }: SystemReport): string {
  const line = (name: string, index: number, value: (point: MedianPoint) => number) => ({
    name,
    colour: colour(index),
    points: points.map((point) => [point.clients, value(point)] as const),
  });
  const chart = drawLineChart({
    title: `Latency: ${title}`,
    unit: 'milliseconds',
    logarithmic: true,
    lines: [line('p50', 0, ({ p50 }) => p50), line('p95', 1, ({ p95 }) => p95), line('p99', 2, ({ p99 }) => p99)],
  });
  return `<h3>${escapeHtml(title)}, milliseconds</h3>\n${chart}`;
}

function processChart({ title, points }: SystemReport): string {
  const names = processNames(points);
  const chart = drawBarChart({
    title: `Processor time by process: ${title}`,
    unit: 'milliseconds of processor time for one verification',
    parts: names.map((name, index) => ({ name, colour: colour(index) })),
    bars: points.map(({ clients, cpuMs }) => ({
      name: clients === 1 ? '1 client' : `${clients.toLocaleString('en')} clients`,
      parts: names.map((name) => cpuMs[name] ?? 0),
    })),
  });
  return `<h3>${escapeHtml(title)}</h3>\n${chart}`;
}

function stageChart({ systems, bare }: BenchReport): string {
  const bars = [
    { name: 'bare pipeline', parts: STAGES.map((stage) => bare.stages[stage]) },
    ...systems.flatMap(({ label, stages }) => {
      if (!stages) return [];
      const sums = addStages(stages.api, stages.workers);
      return [{ name: label, parts: STAGES.map((stage) => sums[stage]) }];
    }),
  ];
  return drawBarChart({
    title: 'Processor time by stage',
    unit: 'milliseconds of the API and the workers for one verification',
    parts: STAGES.map((name, index) => ({ name, colour: stageColour(name, index) })),
    bars,
  });
}

function pointTable({ title, points }: SystemReport): string {
  const rows = points.map(({ clients, perSecond, bare, ratio, ratios, p50, p95, p99, errors }) => [
    clients.toLocaleString('en'),
    perSecond.toFixed(1),
    bare.toFixed(1),
    percent(ratio),
    ratios.map(percent).join(', '),
    ...[p50, p95, p99].map((ms) => Math.round(ms).toLocaleString('en')),
    `${errors}`,
  ]);
  const columns = [
    'clients',
    'per second',
    'bare per second',
    'ratio',
    'in each round',
    'p50 ms',
    'p95 ms',
    'p99 ms',
    'errors',
  ];
  return table(title, columns, rows);
}

function processTable({ title, points }: SystemReport): string {
  const names = processNames(points);
  const rows = points.map(({ clients, cpuMs }) => {
    const values = names.map((name) => cpuMs[name] ?? 0);
    return [
      clients.toLocaleString('en'),
      ...values.map((ms) => ms.toFixed(2)),
      values.reduce((a, b) => a + b, 0).toFixed(2),
    ];
  });
  return table(`${title}: milliseconds of processor time for one verification`, ['clients', ...names, 'sum'], rows);
}

function stageTable({ title, stages }: SystemReport, { bare }: BenchReport): string {
  if (!stages) return '';
  const { clients, api, workers, others } = stages;
  const sum = addStages(api, workers);
  const share = (ms: number) => percent(ms / bare.cpuMs);
  const rows = [
    ...STAGES.map((stage) => [
      stage,
      ...[api[stage], workers[stage], sum[stage], bare.stages[stage]].map((ms) => ms.toFixed(2)),
      share(sum[stage]),
    ]),
    ...Object.entries(others).map(([name, ms]) => [`all of: ${name}`, '', '', ms.toFixed(2), '', share(ms)]),
  ];
  const caption = `${title}, ${clients} clients: milliseconds of processor time for one verification`;
  return table(caption, ['stage', 'API', 'workers', 'sum', 'bare pipeline', 'of the bare pipeline'], rows);
}

function memoryTable({ title, points }: SystemReport): string {
  const names = processNames(points);
  const rows = points.map(({ clients, residentMb, shareMb }) => [
    clients.toLocaleString('en'),
    ...names.map((name) => `${(residentMb[name] ?? 0).toFixed(0)} (${(shareMb[name] ?? 0).toFixed(0)})`),
  ]);
  const caption = `${title}: resident megabytes of the largest process of a kind, in brackets its proportional share`;
  return table(caption, ['clients', ...names], rows);
}

function restTable({ systems, peers, photoSizes, bare }: BenchReport): string {
  const { smallCpuMs, largeCpuMs, largeBytes, ratio } = photoSizes;
  const rows = [
    ...systems.flatMap(({ title, points, s3Bytes }) => [
      [
        `${title}: bytes to and from Redis for one verification, at ${points.at(-1)?.clients} clients`,
        bytes(points.at(-1)?.redisBytes),
      ],
      [`${title}: bytes to and from S3 for one verification`, bytes(s3Bytes)],
    ]),
    ...[...systems, ...peers].map(({ title, firstAnswerSeconds }) => [
      `${title}: from the start to the first answer`,
      `${firstAnswerSeconds.toFixed(1)} s`,
    ]),
    ['Bare pipeline: one verification at a time in one process', `${bare.latencyMs.toFixed(1)} ms`],
    ['Bare pipeline: processor time of a 640×480 photo', `${smallCpuMs.toFixed(1)} ms`],
    [
      `Bare pipeline: processor time of a 12-megapixel phone photo of ${(largeBytes / 1e6).toFixed(1)} MB`,
      `${largeCpuMs.toFixed(1)} ms (${ratio.toFixed(2)} times)`,
    ],
  ];
  return table(
    'And besides',
    ['', ''],
    rows.filter(([, value]) => value !== '-'),
  );
}

function table(caption: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (tag: string, scope: string) => (text: string) => `<${tag}${scope}>${escapeHtml(text)}</${tag}>`;
  const head = columns.map(cell('th', ' scope="col"')).join('');
  const body = rows.map(([first = '', ...rest]) => {
    return `<tr>${cell('th', ' scope="row"')(first)}${rest.map(cell('td', '')).join('')}</tr>`;
  });
  return `<div class="wide"><table><caption>${escapeHtml(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join('\n')}
</tbody></table></div>`;
}

function colour(index: number): ChartColour {
  return `c${index % COLOURS.length}`;
}

function stageColour(name: string, index: number): ChartColour {
  return name === 'other' ? 'muted' : colour(index);
}

function variables(theme: 0 | 1): string {
  return COLOURS.map((pair, index) => `--c${index}: ${pair[theme]};`).join(' ');
}

function bytes(count: number | undefined): string {
  return count === undefined ? '-' : `${(count / 1000).toFixed(1)} kB`;
}
