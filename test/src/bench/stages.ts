// `npm run bench:stages`: has any stage become dearer? Each stage's processor time ÷ that of the bare pipeline measured in
// the same run, beside the committed ratios; on another machine than theirs, beside those of the version that they are of,
// built and measured here. Exits with 1 when one has regressed.
import { parseArgs } from 'node:util';
import { say } from '../support/say.js';
import { checkOutBaseline, isSameMachine, readBaseline, writeBaseline } from './baseline.js';
import { startClosedLoop } from './closed-loop.js';
import { describeMachine } from './machine.js';
import { ROOT } from './options.js';
import { comparePhotoSizes } from './photo-sizes.js';
import { type Comparison, compareRatios, type Limits, regressions } from './regression.js';
import { CONCURRENCY, PROCESSES } from './stage.js';
import { openStagePass, type StageRound } from './stage-pass.js';
import { type StageRatios, stageRatios } from './stage-ratios.js';

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

/** What measuring makes of a stage once, it does not make of it twice. */
const ATTEMPTS = 2;

async function measureRatios(): Promise<StageRatios> {
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
  return stageRatios(rounds, photoSizes);
}

function print(comparisons: readonly Comparison[]): void {
  const show = (ratio: number | undefined) => (ratio === undefined ? '-' : ratio.toFixed(3)).padStart(10);
  say(`${'of the bare pipeline'.padEnd(24)}${'baseline'.padStart(10)}${'now'.padStart(10)}`);
  for (const { stage, baseline, measured, verdict } of comparisons) {
    say(`${stage.padEnd(24)}${show(baseline)}${show(measured)}${verdict === 'ok' ? '' : `   ${verdict}`}`);
  }
}

/** Stages that are dearer than the baseline's in every attempt. */
async function findRegressions(): Promise<readonly string[]> {
  const committed = readBaseline(ROOT);
  const version = isSameMachine(committed, describeMachine()) ? undefined : checkOutBaseline(ROOT);
  try {
    if (version) say(`another machine than the baseline's: its version, ${version.commit}, is measured here`);
    let suspects: readonly string[] | undefined;
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const baseline = version?.measure() ?? committed.ratios;
      const comparisons = compareRatios(baseline, await measureRatios(), LIMITS);
      print(comparisons);
      const worse = regressions(comparisons);
      suspects = suspects?.filter((stage) => worse.includes(stage)) ?? worse;
      if (suspects.length === 0) return suspects;
      say(`regressed by more than a quarter: ${suspects.join(', ')}`);
    }
    return suspects ?? [];
  } finally {
    version?.remove();
  }
}

if (values.update) {
  writeBaseline(ROOT, describeMachine(), await measureRatios());
  process.exit(0);
}
const regressed = await findRegressions();
say(
  regressed.length === 0
    ? 'ok'
    : `REGRESSED: ${regressed.join(', ')}. If that is wanted: npm run bench:stages -- --update`,
);
process.exit(regressed.length === 0 ? 0 : 1);
