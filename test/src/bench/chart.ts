// Charts over the number of clients and stacked bars, as inline SVG whose colours are the page's CSS variables.
import { escapeHtml } from '../support/text.js';
import { ticksUpTo } from './plot.js';

/** Name of a CSS variable of the page, without its dashes. */
export type ChartColour = `c${number}` | 'muted';

export interface ChartLine {
  readonly name: string;
  readonly colour: ChartColour;
  readonly dashed?: boolean;
  /** [clients, value]. */
  readonly points: readonly (readonly [number, number])[];
}

export interface LineChart {
  readonly title: string;
  /** Of the vertical axis. */
  readonly unit: string;
  /** Values over several orders of magnitude. */
  readonly logarithmic?: boolean;
  readonly lines: readonly ChartLine[];
}

export interface Bar {
  readonly name: string;
  readonly parts: readonly number[];
}

export interface BarChart {
  readonly title: string;
  readonly unit: string;
  /** Of each part of a bar, in order. */
  readonly parts: readonly { readonly name: string; readonly colour: ChartColour }[];
  readonly bars: readonly Bar[];
}

const WIDTH = 720;
const LEFT = 64;
const RIGHT = WIDTH - 16;
const PLOT_HEIGHT = 240;
const LEGEND_ROW = 18;
const LETTER_WIDTH = 6.6;
const SAMPLE_WIDTH = 18;

/** Lines over the number of clients, which grows by factors. */
export function drawLineChart({ title, unit, lines, logarithmic = false }: LineChart): string {
  const counts = [...new Set(lines.flatMap(({ points }) => points.map(([clients]) => clients)))].sort((a, b) => a - b);
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value)).filter((value) => value > 0);
  const keys = legend(lines.map(({ name, colour, dashed }) => ({ name, colour, dashed, line: true })));
  const top = keys.height + 12;
  const bottom = top + PLOT_HEIGHT;
  const x = scale(Math.log(counts[0] ?? 1), Math.log(counts.at(-1) ?? 1), LEFT + 12, RIGHT - 12);
  const ticks = logarithmic ? powersOfTen(values) : ticksUpTo(1.05 * Math.max(1, ...values));
  const toAxis = (value: number) => (logarithmic ? Math.log10(value) : value);
  const y = scale(toAxis(ticks[0] ?? 0), toAxis(ticks.at(-1) ?? 1), bottom, top);
  const body = [
    ...ticks.flatMap((tick) => [
      rule(LEFT, y(toAxis(tick)), RIGHT, y(toAxis(tick))),
      label(LEFT - 8, y(toAxis(tick)) + 4, tick.toLocaleString('en'), 'end'),
    ]),
    ...counts.map((count) => label(x(Math.log(count)), bottom + 18, count.toLocaleString('en'), 'middle')),
    label((LEFT + RIGHT) / 2, bottom + 36, 'clients that ask again as soon as they are answered', 'middle'),
    ...lines.map((line) =>
      drawLine(
        line,
        (clients) => x(Math.log(clients)),
        (value) => y(toAxis(value)),
      ),
    ),
  ];
  return svg(`${title}, ${unit}`, bottom + 44, [keys.drawn, ...body]);
}

function drawLine(
  { points, colour, dashed }: ChartLine,
  x: (clients: number) => number,
  y: (value: number) => number,
): string {
  const places = points
    .filter(([, value]) => value > 0)
    .map(([clients, value]) => [round(x(clients)), round(y(value))]);
  const path = places.map(([px, py], index) => `${index === 0 ? 'M' : 'L'}${px} ${py}`).join('');
  const dash = dashed ? ' stroke-dasharray="6 4"' : '';
  const dots = places.map(([px, py]) => `<circle cx="${px}" cy="${py}" r="3" fill="var(--${colour})"/>`);
  return `<path d="${path}" fill="none" stroke="var(--${colour})" stroke-width="2"${dash}/>${dots.join('')}`;
}

const BAR_HEIGHT = 26;
const BAR_GAP = 14;
const BAR_LABEL = 168;

/** Horizontal bars of parts that add up. */
export function drawBarChart({ title, unit, parts, bars }: BarChart): string {
  const keys = legend(parts.map(({ name, colour }) => ({ name, colour, dashed: false, line: false })));
  const top = keys.height + 12;
  const bottom = top + bars.length * (BAR_HEIGHT + BAR_GAP);
  const ticks = ticksUpTo(1.02 * Math.max(1, ...bars.map((bar) => sum(bar.parts))));
  const x = scale(0, ticks.at(-1) ?? 1, BAR_LABEL, RIGHT);
  const body = [
    ...ticks.flatMap((tick) => [
      rule(x(tick), top - 4, x(tick), bottom),
      label(x(tick), bottom + 16, tick.toLocaleString('en'), 'middle'),
    ]),
    label((BAR_LABEL + RIGHT) / 2, bottom + 34, unit, 'middle'),
    ...bars.map((bar, row) => {
      const y = top + row * (BAR_HEIGHT + BAR_GAP) + BAR_GAP / 2;
      return label(BAR_LABEL - 8, y + BAR_HEIGHT / 2 + 4, bar.name, 'end') + drawBar(bar, parts, x, y);
    }),
  ];
  return svg(`${title}, ${unit}`, bottom + 42, [keys.drawn, ...body]);
}

function drawBar(bar: Bar, parts: BarChart['parts'], x: (value: number) => number, y: number): string {
  let from = 0;
  const rectangles = bar.parts.map((value, index) => {
    const [left, right] = [x(from), x(from + value)];
    from += value;
    const { name = '', colour = 'muted' } = parts[index] ?? {};
    const title = `<title>${escapeHtml(`${bar.name}, ${name}: ${value.toFixed(2)}`)}</title>`;
    const size = `x="${round(left)}" y="${y}" width="${round(right - left)}" height="${BAR_HEIGHT}"`;
    return `<rect ${size} fill="var(--${colour})">${title}</rect>`;
  });
  return `${rectangles.join('')}${label(x(from) + 6, y + BAR_HEIGHT / 2 + 4, from.toFixed(1), 'start')}`;
}

interface Key {
  readonly name: string;
  readonly colour: ChartColour;
  readonly dashed: boolean | undefined;
  readonly line: boolean;
}

/** In rows, as many in each as fit. */
function legend(keys: readonly Key[]): { drawn: string; height: number } {
  let [left, row] = [LEFT, 0];
  const drawn = keys.map(({ name, colour, dashed, line }) => {
    const width = SAMPLE_WIDTH + 24 + name.length * LETTER_WIDTH;
    if (left > LEFT && left + width > RIGHT) [left, row] = [LEFT, row + 1];
    const y = row * LEGEND_ROW + 14;
    const dash = dashed ? ' stroke-dasharray="6 4"' : '';
    const sample = line
      ? `<path d="M${round(left)} ${y - 4}h${SAMPLE_WIDTH}" stroke="var(--${colour})" stroke-width="2"${dash}/>`
      : `<rect x="${round(left)}" y="${y - 11}" width="${SAMPLE_WIDTH}" height="12" fill="var(--${colour})"/>`;
    const entry = sample + label(left + SAMPLE_WIDTH + 6, y, name, 'start');
    left += width;
    return entry;
  });
  return { drawn: drawn.join(''), height: (row + 1) * LEGEND_ROW };
}

function svg(title: string, height: number, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${WIDTH} ${Math.ceil(height)}" role="img" aria-label="${escapeHtml(title)}">${parts.join('\n')}</svg>`;
}

function scale(from: number, to: number, low: number, high: number): (value: number) => number {
  const span = to - from || 1;
  return (value) => low + ((value - from) / span) * (high - low);
}

function powersOfTen(values: readonly number[]): number[] {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))));
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="var(--grid)"/>`;
}

function label(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeHtml(text)}</text>`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
