// `npm run experiment:quality`: the quality gate against photos that are spoilt in known ways. Prints what it finds, writes
// it into docs/quality.md when the limits are the defaults, and fails when the gate is not what it is held to be.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_QUALITY_LIMITS } from '@rollcall/contracts';
import { createEngine, createPhotoAnalyser } from '@rollcall/face-core';
import { loadConfig } from '@rollcall/platform';
import { DEGRADATIONS, type Degradation } from './quality-degradations.js';
import {
  INTACT_ABOVE,
  isGoodEnough,
  isRefused,
  isWithin,
  LOST_BELOW,
  MAX_INTACT_REFUSED,
  MIN_LOST_REFUSED,
  runExperiment,
  type Trial,
  type Verdict,
  verdictOf,
} from './quality-experiment.js';

const REPORT = fileURLToPath(new URL('../../../docs/quality.md', import.meta.url));
const BEGIN = '<!-- experiment:quality begin -->';
const END = '<!-- experiment:quality end -->';

/** Similarities to the undegraded photo; each band ends where the next begins. */
const BANDS = [-1, LOST_BELOW, 0.8, INTACT_ABOVE, Number.POSITIVE_INFINITY] as const;

function table(trials: readonly Trial[]): string {
  const rows = DEGRADATIONS.map((degradation) => {
    const own = trials.filter((trial) => trial.degradation === degradation.name);
    return [title(degradation), ...counts(own), reasons(own)];
  });
  const all = trials.filter(({ degradation }) => DEGRADATIONS.some(({ name }) => name === degradation));
  const bands = [`below ${LOST_BELOW}`, `${LOST_BELOW} to 0.8`, `0.8 to ${INTACT_ABOVE}`, `above ${INTACT_ABOVE}`];
  const head = ['degradation', 'n', 'no face', ...bands, 'refused for'];
  return [head, head.map(() => '---'), ...rows, ['**all**', ...counts(all), '']]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function title({ name, unit, levels }: Degradation): string {
  return `${name}: ${unit} ${levels.join(', ')}`;
}

function counts(trials: readonly Trial[]): string[] {
  const bands = BANDS.slice(0, -1).map((from, index) => {
    const band = trials.filter(isWithin(from, BANDS[index + 1] as number));
    return band.length > 0 ? `${band.filter(isRefused).length} of ${band.length}` : '';
  });
  const faceless = trials.filter(({ similarity }) => similarity === undefined).length;
  return [`${trials.length}`, faceless > 0 ? `${faceless}` : '', ...bands];
}

/** Every reason with the number of photos that were refused for it, the most frequent first. */
function reasons(trials: readonly Trial[]): string {
  const frequencies = new Map<string, number>();
  for (const { refusals } of trials) {
    for (const reason of new Set(refusals)) frequencies.set(reason, (frequencies.get(reason) ?? 0) + 1);
  }
  return [...frequencies]
    .sort(([, one], [, other]) => other - one)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ');
}

function summary({ lostRefused, intactRefused, cleanRefused }: Verdict): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    `- below ${LOST_BELOW}: **${percent(lostRefused)}** refused (at least ${percent(MIN_LOST_REFUSED)} wanted)`,
    `- above ${INTACT_ABOVE}: **${percent(intactRefused)}** refused (at most ${percent(MAX_INTACT_REFUSED)} wanted)`,
    `- photos as they are: ${cleanRefused.length > 0 ? cleanRefused.join(', ') : 'none'} refused`,
  ].join('\n');
}

function writeReport(text: string): void {
  const report = readFileSync(REPORT, 'utf8');
  const [begin, end] = [report.indexOf(BEGIN), report.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${REPORT} lacks the markers ${BEGIN} and ${END}`);
  writeFileSync(REPORT, `${report.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${report.slice(end)}`);
}

const { modelsDir, maxImagePixels, qualityLimits } = loadConfig();
const engine = await createEngine({ modelsDir, executionProvider: 'cpu' });
const analyser = createPhotoAnalyser(engine, { maxPixels: maxImagePixels });
const trials = await runExperiment({ analyser, limits: qualityLimits });
await engine.close();

const verdict = verdictOf(trials);
const text = `${summary(verdict)}\n\n${table(trials)}`;
process.stdout.write(`${text}\n`);
// Other limits can be tried through the environment; the report is about the defaults.
if (isDeepStrictEqual(qualityLimits, DEFAULT_QUALITY_LIMITS)) writeReport(text);
process.exitCode = isGoodEnough(verdict) ? 0 : 1;
