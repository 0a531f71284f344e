// `npm run fuzz`: more runs of the properties than `npm test` has time for, from a seed that can be given again.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { say } from '../support/say.js';
import { startArena } from './arena.js';
import { fuzzPhotos } from './photos.js';
import { PROPERTIES } from './properties.js';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: `${randomInt(2 ** 31)}` },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write('Usage: npm run fuzz -- [--runs 10000] [--seed S] [--only "any form"]\n');
  process.exit(0);
}
const seed = Number(values.seed);
const chosen = PROPERTIES.filter(({ name }) => name.includes(values.only));
const weight = chosen.reduce((sum, { runs }) => sum + runs, 0);

say(`seed ${seed}`);
const [arena, photos] = await Promise.all([startArena(), fuzzPhotos()]);
let failed = false;
for (const { name, runs, make } of chosen) {
  const numRuns = Math.max(1, Math.round((Number(values.runs) * runs) / weight));
  const met = new Map<number, number>();
  const onReply = (status: number) => met.set(status, (met.get(status) ?? 0) + 1);
  const details = await fc.check(make({ targets: arena.targets, photos, onReply }), { seed, numRuns });
  const statuses = [...met].sort(([one], [other]) => one - other).map(([status, times]) => `${times} × ${status}`);
  say(`${details.failed ? 'FAILED' : 'ok    '}  ${name}, ${details.numRuns} runs: ${statuses.join(', ')}`);
  if (!details.failed) continue;
  failed = true;
  const { errorInstance } = details;
  say(`${fc.defaultReportMessage(details)}\n${errorInstance instanceof Error ? errorInstance.message : ''}`);
}
for (const target of arena.targets) {
  for (const fault of await target.damage()) {
    failed = true;
    say(`FAILED  ${fault}`);
  }
}
await arena.stop();
say(failed ? `to see it again: npm run fuzz -- --runs ${values.runs} --seed ${seed}` : 'nothing was found');
process.exit(failed ? 1 : 0);
