// `npm run bench:scaling`: what N worker processes on N cores do beside N times what one process on one core does. A process
// that has more cores decodes on another one while it infers, so that one process is more than one core; that is measured too.
// Each round measures everything, so that a machine that changes its speed changes all of it.
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { processTree } from '../support/processes.js';
import { say } from '../support/say.js';
import { startBarePipeline } from './bare.js';
import { startClosedLoop } from './closed-loop.js';
import { mean } from './statistics.js';
import { EMPLOYEE, openWorkerStage, pin } from './worker-stage.js';

const CORES = availableParallelism();

const SERIES = {
  bare: 'the bare pipeline, nothing around it',
  workers: 'workers and Redis: a queue that was filled before is emptied, no API, no clients',
  system: 'API, Redis, workers and 64 clients',
} as const;
type Series = keyof typeof SERIES;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '3' },
    processes: { type: 'string', default: numbersUpTo(CORES).join(',') },
    series: { type: 'string', default: Object.keys(SERIES).join(',') },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  const series = Object.entries(SERIES).map(([name, what]) => `  ${name.padEnd(8)} ${what}\n`);
  process.stdout.write(
    `Usage: npm run bench:scaling -- [--seconds 6] [--rounds 3] [--processes 1,2] [--series bare,workers]\n\n${series.join('')}`,
  );
  process.exit(0);
}
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const numbers = values.processes.split(',').map(Number);
const chosen = values.series.split(',') as Series[];

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CONCURRENCY = 3;
const CLIENTS = 64;
const WARM_UP_SECONDS = 2;
/** About as many as a process does in a second. */
const JOBS_PER_SECOND = 45;
const TARGET = 0.9;

/** 1, 2, 4, … and the number itself. */
function numbersUpTo(cores: number): number[] {
  const powers = Array.from({ length: Math.floor(Math.log2(cores)) + 1 }, (_, exponent) => 2 ** exponent);
  return [...new Set([...powers, cores])];
}

const stage = await openWorkerStage();
const loop = startClosedLoop();
const bare = chosen.includes('bare')
  ? startBarePipeline(Math.max(...numbers), {
      photos: stage.photoPaths,
      modelsDir: join(ROOT, 'models'),
      concurrency: CONCURRENCY,
    })
  : undefined;

async function throughApi(processes: number, cores: string): Promise<number> {
  const api = await stage.startApi();
  const worker = await stage.startWorker({ settings: { WORKER_PROCESSES: `${processes}` } });
  const pids = [api.pid, loop.pid, stage.redis.pid, ...processTree(worker.process.pid).map(({ pid }) => pid)];
  for (const pid of pids) pin(pid, cores);
  const order = { url: api.url, path: '/recognize_face', employeeId: EMPLOYEE, photos: stage.photoPaths };
  const report = await loop.run(
    { ...order, clients: CLIENTS, warmUpSeconds: WARM_UP_SECONDS, seconds },
    { begin: () => undefined, end: () => undefined },
  );
  await worker.process.stop();
  await api.stop();
  if (report.errors > 0) throw new Error(`${report.errors} requests were not answered with 200`);
  return report.latencies.length / seconds;
}

/** Everything that takes part is pinned to `cores`. */
const measure: Readonly<Record<Series, (processes: number, cores: string) => Promise<number>>> = {
  async bare(processes, cores) {
    for (const pid of bare?.pids ?? []) pin(pid, cores);
    return (await bare?.measure(seconds, { processes }))?.perSecond ?? Number.NaN;
  },
  async workers(processes, cores) {
    const jobs = Math.round(processes * seconds * JOBS_PER_SECOND);
    const arrange = (pids: readonly number[]) => {
      for (const pid of [stage.redis.pid, ...pids]) pin(pid, cores);
    };
    return (await stage.drain(jobs, { settings: { WORKER_PROCESSES: `${processes}` }, arrange })).perSecond;
  },
  system: throughApi,
};

interface Row {
  readonly series: Series;
  readonly processes: number;
  readonly cores: number;
  /** One for each round. */
  readonly perSecond: number[];
}

say(`${CORES} cores (load average ${loadavg()[0]?.toFixed(1)}), filesystem store, photos 250×250 and 640×480`);
if (bare) await bare.measure(WARM_UP_SECONDS);
const rows: Row[] = chosen.flatMap((series) =>
  numbers.flatMap((processes) =>
    [...new Set([Math.min(processes, CORES), CORES])].map((cores) => ({ series, processes, cores, perSecond: [] })),
  ),
);
for (let round = 0; round < rounds; round++) {
  for (const row of rows) row.perSecond.push(await measure[row.series](row.processes, `0-${row.cores - 1}`));
}

say(
  `\n${'series'.padEnd(8)}${'processes'.padStart(10)}${'cores'.padStart(7)}${'per s'.padStart(8)}${'of N × one'.padStart(12)}   rounds`,
);
const report = rows.map((row) => {
  const { series, processes, cores } = row;
  const one = rows.find((other) => other.series === series && other.processes === 1 && other.cores === 1);
  const ratio = one && mean(row.perSecond) / (processes * mean(one.perSecond));
  const percent = ratio === undefined ? '-' : `${(100 * ratio).toFixed(0)} %`;
  const cells = [series.padEnd(8), `${processes}`.padStart(10), `${cores}`.padStart(7)];
  const each = row.perSecond.map((perSecond) => perSecond.toFixed(1)).join(' ');
  say(`${cells.join('')}${mean(row.perSecond).toFixed(1).padStart(8)}${percent.padStart(12)}   ${each}`);
  return { ...row, mean: mean(row.perSecond), ratio };
});

mkdirSync(join(ROOT, 'test-results'), { recursive: true });
const json = join(ROOT, 'test-results', 'bench-scaling.json');
const at = new Date().toISOString();
writeFileSync(
  json,
  `${JSON.stringify({ at, cores: CORES, seconds, rounds, series: SERIES, rows: report }, null, 2)}\n`,
);
say('\nwritten to test-results/bench-scaling.json');

bare?.stop();
loop.stop();
await stage.stop();
const missed = report.filter(
  ({ series, processes, cores, ratio = 1 }) => series === 'workers' && processes === cores && ratio < TARGET,
);
say(missed.length === 0 ? 'ok' : `MISSED: N worker processes do at least ${TARGET} × N up to the cores`);
process.exit(missed.length === 0 ? 0 : 1);
