// `npm run bench`: the whole system under a closed loop, beside the bare pipeline measured before and after each point in
// the same run, because only ratios of one run can be compared. Client, API, Redis, store and workers share this machine.
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startBarePipeline } from './bare.js';
import { type LoadResult, load } from './load.js';
import { CONCURRENCY, EMPLOYEE, openBenchStage, PROCESSES } from './stage.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    clients: { type: 'string', default: '1,8,64,256' },
    s3: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write('Usage: npm run bench -- [--seconds 8] [--clients 1,8,64,256] [--s3]\n');
  process.exit(0);
}
const seconds = Number(values.seconds);
const points = values.clients.split(',').map(Number);

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

interface Row extends LoadResult {
  readonly clients: number;
  /** Bare pipeline, mean of before and after. */
  readonly bare: number;
  readonly ratio: number;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const stage = await openBenchStage({ s3: values.s3, settings: { SYNC_TIMEOUT_MS: '60000' } });
const { system, photoPaths } = stage;
const photos = await Promise.all(photoPaths.map((path) => readFile(path)));
const bare = startBarePipeline(PROCESSES, {
  photos: photoPaths,
  modelsDir: join(ROOT, 'models'),
  concurrency: CONCURRENCY,
});

say(
  `${PROCESSES} cores, ${values.s3 ? 'MinIO' : 'filesystem store'}, ${seconds} s a point, photos 250×250 and 640×480\n`,
);
await load(system.url, EMPLOYEE, photos, 4, 2);
await bare.measure(2);
let before = await bare.measure(seconds / 2);
const { stages } = before;
const rows: Row[] = [];
say('clients   per s   bare per s   ratio   p50 ms   p90 ms   p99 ms   errors');
for (const clients of points) {
  const result = await load(system.url, EMPLOYEE, photos, clients, seconds);
  // The last requests of a closed loop are still queued when it ends.
  await stage.idle();
  const after = await bare.measure(seconds / 2);
  const mean = (before.perSecond + after.perSecond) / 2;
  before = after;
  const row: Row = { clients, ...result, bare: mean, ratio: result.perSecond / mean };
  rows.push(row);
  const cells: [string, number][] = [
    [`${clients}`, 7],
    [row.perSecond.toFixed(1), 8],
    [row.bare.toFixed(1), 13],
    [`${(100 * row.ratio).toFixed(0)} %`, 8],
    [`${row.p50}`, 9],
    [`${row.p90}`, 9],
    [`${row.p99}`, 9],
    [`${row.errors}`, 9],
  ];
  say(cells.map(([text, width]) => text.padStart(width)).join(''));
}
const describe = Object.entries(stages).map(([stage, ms]) => `${stage} ${ms.toFixed(1)}`);
say(`\nbare pipeline, mean ms a verification: ${describe.join(', ')}`);

const results = join(ROOT, 'test-results');
mkdirSync(results, { recursive: true });
const report = {
  at: new Date().toISOString(),
  processes: PROCESSES,
  store: values.s3 ? 's3' : 'filesystem',
  seconds,
  stages,
  rows,
};
writeFileSync(join(results, 'bench.json'), `${JSON.stringify(report, null, 2)}\n`);
say('written to test-results/bench.json');

bare.stop();
await stage.stop();
process.exit(rows.some(({ errors }) => errors > 0) ? 1 : 0);
