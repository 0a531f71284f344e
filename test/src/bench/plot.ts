import { escapeHtml } from '../support/text.js';

// Line charts as one self-contained SVG, readable on a light and on a dark page.

/** One line of a chart. */
export interface Series {
  readonly name: string;
  readonly colour: Colour;
  /** By the second, from 0; undefined leaves a gap. */
  readonly values: readonly (number | undefined)[];
}

/** A level that lines are compared with. */
export interface Level {
  readonly name: string;
  readonly value: number;
}

export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly Series[];
  readonly levels?: readonly Level[];
}

export interface Plot {
  readonly title: string;
  readonly subtitle: string;
  readonly seconds: number;
  /** One below the other, over the same time. */
  readonly panels: readonly Panel[];
}

export type Colour = keyof typeof COLOURS;

/** For a light page and for a dark one, told apart by people who see few colours (Okabe and Ito's palette, adapted). */
const COLOURS = {
  grey: ['#6b7280', '#9ca3af'],
  blue: ['#0072b2', '#56b4e9'],
  green: ['#00855f', '#2ecc9b'],
  orange: ['#c24f00', '#ff9d4d'],
} as const;

const PAGE = {
  background: ['#ffffff', '#0d1117'],
  text: ['#1f2328', '#e6edf3'],
  grid: ['#d9dee4', '#2d333b'],
} as const;

const WIDTH = 960;
const PANEL_HEIGHT = 190;
const MARGIN = { left: 64, right: 24, header: 72, panelTop: 50, footer: 44 };

export function drawPlot({ title, subtitle, seconds, panels }: Plot): string {
  const height = MARGIN.header + panels.length * (MARGIN.panelTop + PANEL_HEIGHT) + MARGIN.footer;
  const right = WIDTH - MARGIN.right;
  const x = (second: number) => MARGIN.left + (second / seconds) * (right - MARGIN.left);

  const timeTicks = ticksUpTo(seconds).filter((second) => second <= seconds);
  const drawn = panels.map((panel, index) => {
    const top = MARGIN.header + index * (MARGIN.panelTop + PANEL_HEIGHT) + MARGIN.panelTop;
    return drawPanel(panel, { x, top, right, timeTicks });
  });
  const bottom = height - MARGIN.footer;
  const times = timeTicks.map((second) => text(x(second), bottom + 18, `${second}`, 'axis', 'middle'));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title subtitle">
<title id="title">${escapeHtml(title)}</title>
<desc id="subtitle">${escapeHtml(subtitle)}</desc>
<style>
text { font: 13px system-ui, sans-serif; fill: var(--text); }
.title { font-size: 18px; font-weight: 600; }
.panel { font-weight: 600; }
.axis { font-size: 12px; }
.line { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
.level { fill: none; stroke: var(--text); stroke-dasharray: 6 4; }
.grid { stroke: var(--grid); }
.page { fill: var(--background); }
svg { ${variables(0)} }
@media (prefers-color-scheme: dark) { svg { ${variables(1)} } }
</style>
<rect class="page" width="${WIDTH}" height="${height}"/>
${text(MARGIN.left, 32, title, 'title')}
${text(MARGIN.left, 54, subtitle, 'axis')}
${drawn.join('\n')}
${times.join('\n')}
${text((MARGIN.left + right) / 2, bottom + 36, 'seconds', 'axis', 'middle')}
</svg>
`;
}

interface Frame {
  readonly x: (second: number) => number;
  readonly top: number;
  readonly right: number;
  readonly timeTicks: readonly number[];
}

function drawPanel({ title, unit, series, levels = [] }: Panel, { x, top, right, timeTicks }: Frame): string {
  const values = [...series.flatMap((one) => one.values), ...levels.map(({ value }) => value)];
  const ticks = ticksUpTo(1.05 * Math.max(1, ...values.map((value) => value ?? 0)));
  const highest = ticks.at(-1) as number;
  const bottom = top + PANEL_HEIGHT;
  const y = (value: number) => round(bottom - (value / highest) * PANEL_HEIGHT);
  const grid = [
    ...ticks.map((tick) => line(MARGIN.left, y(tick), right, y(tick), 'grid')),
    ...timeTicks.map((second) => line(x(second), top, x(second), bottom, 'grid')),
  ];
  const labels = ticks.map((tick) => text(MARGIN.left - 8, y(tick) + 4, tick.toLocaleString('en'), 'axis', 'end'));
  const lines = series.map(({ values: points, colour }) => drawLine(points, x, y, colour));
  const dashes = levels.map(({ value }) => line(MARGIN.left, y(value), right, y(value), 'level'));
  const heading = text(MARGIN.left, top - 28, `${title} (${unit})`, 'panel');
  return [heading, ...grid, ...labels, ...dashes, ...lines, legend(series, levels, top - 10)].join('\n');
}

/** Consecutive values are joined; a lone one is a dot, by its round cap. */
function drawLine(
  values: Series['values'],
  x: (second: number) => number,
  y: (value: number) => number,
  colour: Colour,
): string {
  let pen = 'M';
  const path = values.flatMap((value, second) => {
    if (value === undefined) {
      pen = 'M';
      return [];
    }
    const step = `${pen}${round(x(second + 0.5))} ${y(value)}`;
    pen = 'L';
    return [step];
  });
  return `<path class="line" style="stroke: var(--${colour})" d="${path.join('')}"/>`;
}

const LETTER_WIDTH = 6.6;
const SAMPLE_WIDTH = 20;

function legend(series: readonly Series[], levels: readonly Level[], y: number): string {
  let left = MARGIN.left;
  const entries = [
    ...series.map(({ name, colour }) => ({ name, mark: `class="line" style="stroke: var(--${colour})"` })),
    ...levels.map(({ name }) => ({ name, mark: 'class="level"' })),
  ].map(({ name, mark }) => {
    const entry = `<path ${mark} d="M${round(left)} ${y - 4}h${SAMPLE_WIDTH}"/>${text(left + SAMPLE_WIDTH + 6, y, name, 'axis')}`;
    left += SAMPLE_WIDTH + 24 + name.length * LETTER_WIDTH;
    return entry;
  });
  return entries.join('');
}

/** From 0 in about six round steps of 1, 2 or 5, the last one not below `max`. */
export function ticksUpTo(max: number): number[] {
  const rough = max / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  return Array.from({ length: Math.ceil(max / step - 1e-9) + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

function variables(theme: 0 | 1): string {
  return Object.entries({ ...COLOURS, ...PAGE })
    .map(([name, colours]) => `--${name}: ${colours[theme]};`)
    .join(' ');
}

function text(x: number, y: number, content: string, style: string, anchor = 'start'): string {
  return `<text class="${style}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeHtml(content)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, style: string): string {
  return `<line class="${style}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
