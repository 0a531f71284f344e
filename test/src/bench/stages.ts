// `npm run bench:stages`: has any stage become dearer? Each stage's processor time ÷ that of the bare pipeline measured in
// the same run, beside the committed ratios. Exits with 1 when one has regressed.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startClosedLoop } from './closed-loop.js';
import { describeMachine } from './machine.js';
import { ROOT } from './options.js';
import { comparePhotoSizes } from './photo-sizes.js';
import { compareRatios, type Limits } from './regression.js';
import { CONCURRENCY, PROCESSES } from './stage.js';
import { openStagePass, type StageRound } from './stage-pass.js';
import { type StageRatios, stageRatios } from './stage-ratios.js';

const BASELINE = join(ROOT, 'test', 'bench-baseline.json');

/**
 * A quarter more is a regression, unless measuring alone can make that difference: three times the standard deviation of the
 * difference of two runs, from six runs of the same build on two cores of an AMD EPYC. There it was 0.015 or less for
 * every stage that is small enough for it to count, but for two: what is collected when is a matter of luck, and so is how
 * V8 compiles the loops of the quality measures.
 */
const LIMITS: Limits = { factor: 1.25, floor: 0.015, floors: { quality: 0.035, 'garbage collection': 0.09 } };

const ROUNDS = 4;
const BARE_SECONDS = 2.5;
const SYSTEM_SECONDS = 5;
const PHOTO_SECONDS = 1;
/** Processor time for one verification depends little on how many there are, so that more cores change nothing. */
const MAX_PROCESSES = 2;
const CLIENTS = 16;

const { values } = parseArgs({
  options: { update: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
});
if (values.help) {
  process.stdout.write(
    'Usage: npm run bench:stages -- [--update]\n\n  --update  write the measured ratios as the baseline\n',
  );
  process.exit(0);
}

const loop = startClosedLoop();
const pass = await openStagePass({
  store: 'filesystem',
  loop,
  processes: Math.min(MAX_PROCESSES, PROCESSES),
  concurrency: CONCURRENCY,
  clients: CLIENTS,
});
const rounds: StageRound[] = [];
for (let round = 0; round < ROUNDS; round++) rounds.push(await pass.round(BARE_SECONDS, SYSTEM_SECONDS));
const photoSizes = await comparePhotoSizes(pass.bare, 3, PHOTO_SECONDS);
await pass.stop();
loop.stop();

const ratios = stageRatios(rounds, photoSizes);
if (values.update) {
  const { processor, cores, node } = describeMachine();
  const rounded = Object.fromEntries(Object.entries(ratios).map(([name, ratio]) => [name, Number(ratio.toFixed(4))]));
  writeFileSync(BASELINE, `${JSON.stringify({ processor, cores, node, ratios: rounded }, null, 2)}\n`);
}
const { ratios: baseline } = JSON.parse(readFileSync(BASELINE, 'utf8')) as { readonly ratios: StageRatios };
const comparisons = compareRatios(baseline, ratios, LIMITS);
const show = (ratio: number | undefined) => (ratio === undefined ? '-' : ratio.toFixed(3)).padStart(10);
process.stdout.write(`${'of the bare pipeline'.padEnd(24)}${'baseline'.padStart(10)}${'now'.padStart(10)}\n`);
for (const { stage, baseline: before, measured, verdict } of comparisons) {
  process.stdout.write(
    `${stage.padEnd(24)}${show(before)}${show(measured)}${verdict === 'ok' ? '' : `   ${verdict}`}\n`,
  );
}
const regressed = comparisons.filter(({ verdict }) => verdict === 'regressed' || verdict === 'gone');
process.stdout.write(
  regressed.length === 0
    ? 'ok\n'
    : `REGRESSED by more than a quarter: ${regressed.map(({ stage }) => stage).join(', ')}. If that is wanted: npm run bench:stages -- --update\n`,
);
process.exit(regressed.length === 0 ? 0 : 1);
