import type { Comparisons } from './compare-all.js';
import type { DistanceHistogram } from './histogram.js';
import { type ErrorRates, ratesAt } from './rates.js';

// Two charts over the cosine distance, as SVG whose colours are classes of the page around it.

const WIDTH = 860;
const HEIGHT = 300;
const MARGIN = { left: 72, right: 20, top: 34, bottom: 42 };
const RIGHT = WIDTH - MARGIN.right;
const BOTTOM = HEIGHT - MARGIN.bottom;

/** Hardly any two photos are farther apart. */
const FARTHEST = 1.4;
const BAR = 0.02;
const STEP = 0.005;
/** Rates below this are drawn at it. */
const LOWEST_RATE = 1e-6;

export interface Marker {
  readonly threshold: number;
  readonly label: string;
}

/** How often each distance occurs, between photos of one person and of two. */
export function drawDistributions({ genuine, impostor }: Comparisons, markers: readonly Marker[]): string {
  const bars = Math.round(FARTHEST / BAR);
  const shares = (histogram: DistanceHistogram) =>
    Array.from({ length: bars }, (_, bar) =>
      histogram.count === 0
        ? 0
        : (histogram.atMost((bar + 1) * BAR) - (bar === 0 ? 0 : histogram.atMost(bar * BAR))) / histogram.count,
    );
  const kinds = [
    { name: 'genuine', shares: shares(genuine) },
    { name: 'impostor', shares: shares(impostor) },
  ];
  const highest = Math.max(0.01, ...kinds.flatMap((kind) => kind.shares));
  const y = (share: number) => BOTTOM - (share / highest) * (BOTTOM - MARGIN.top);
  const width = x(BAR) - x(0) - 1;
  const drawn = kinds.flatMap(({ name, shares: values }) =>
    values.map((share, bar) =>
      share === 0
        ? ''
        : `<rect class="${name}" x="${at(x(bar * BAR))}" y="${at(y(share))}" width="${at(width)}" height="${at(BOTTOM - y(share))}"/>`,
    ),
  );
  const ticks = [0.25, 0.5, 0.75, 1].map((part) => ({ y: y(part * highest), label: percent(part * highest) }));
  return frame('Share of the pairs by distance', ticks, [...drawn, ...markers.map(drawMarker)]);
}

/** FAR and FRR of every threshold, on a logarithmic scale, with their 95 % intervals. */
export function drawRates(comparisons: Comparisons, markers: readonly Marker[]): string {
  const points = Array.from({ length: Math.round(FARTHEST / STEP) + 1 }, (_, step) =>
    ratesAt(step * STEP, comparisons),
  );
  const y = (rate: number) => {
    const decades = Math.log10(Math.max(rate, LOWEST_RATE)) / Math.log10(LOWEST_RATE);
    return MARGIN.top + decades * (BOTTOM - MARGIN.top);
  };
  const along = (end: (rates: ErrorRates) => number) =>
    points.map((rates) => `${at(x(rates.threshold))},${at(y(end(rates)))}`);
  const curves = (['far', 'frr'] as const).flatMap((kind) => [
    `<polygon class="band ${kind}" points="${[
      ...along((rates) => rates[kind].high),
      ...along((rates) => rates[kind].low).reverse(),
    ].join(' ')}"/>`,
    `<polyline class="curve ${kind}" points="${along((rates) => rates[kind].value).join(' ')}"/>`,
  ]);
  const decades = [0, 1, 2, 3, 4, 5, 6].map((power) => ({ y: y(10 ** -power), label: percent(10 ** -power) }));
  return frame('FAR and FRR by threshold', decades, [...curves, ...markers.map(drawMarker)]);
}

function x(distance: number): number {
  return MARGIN.left + (distance / FARTHEST) * (RIGHT - MARGIN.left);
}

/** The next marker's label is a line lower, lest they lie on each other. */
function drawMarker({ threshold, label }: Marker, index: number): string {
  const place = at(x(Math.min(threshold, FARTHEST)));
  return `<line class="marker" x1="${place}" x2="${place}" y1="${MARGIN.top}" y2="${BOTTOM}"/>
<text class="marker" x="${place + 5}" y="${MARGIN.top + 12 + 16 * index}">${label} ${threshold}</text>`;
}

interface Tick {
  readonly y: number;
  readonly label: string;
}

function frame(title: string, ticks: readonly Tick[], content: readonly string[]): string {
  const distances = Array.from({ length: 8 }, (_, tick) => Math.round(tick * 2) / 10);
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">
<text class="title" x="${MARGIN.left}" y="18">${title}</text>
${ticks.map((tick) => `<line class="grid" x1="${MARGIN.left}" x2="${RIGHT}" y1="${at(tick.y)}" y2="${at(tick.y)}"/><text x="${MARGIN.left - 6}" y="${at(tick.y + 4)}" text-anchor="end">${tick.label}</text>`).join('\n')}
${distances.map((distance) => `<text x="${at(x(distance))}" y="${BOTTOM + 18}" text-anchor="middle">${distance}</text>`).join('\n')}
<text x="${(MARGIN.left + RIGHT) / 2}" y="${HEIGHT - 6}" text-anchor="middle">cosine distance</text>
${content.join('\n')}
</svg>`;
}

function at(coordinate: number): number {
  return Math.round(coordinate * 10) / 10;
}

/** Two significant digits. @param share 1 is all. */
export function percent(share: number): string {
  if (share === 0 || share === 1) return `${100 * share} %`;
  return `${Number((100 * share).toPrecision(2)).toLocaleString('en', { maximumFractionDigits: 6 })} %`;
}
