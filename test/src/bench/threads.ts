// `npm run bench:threads`: the measurements behind the advice on threads and processes in docs/operations.md. The variants
// of a question are measured in turn, round by round.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { say } from '../support/say.js';
import { startClosedLoop } from './closed-loop.js';
import { withCpuQuota } from './cpu-quota.js';
import type { OrtOrder, OrtReport } from './ort-process.js';
import { mean, percentile } from './statistics.js';
import { EMPLOYEE, openWorkerStage, pin, renice, type WorkerVariant } from './worker-stage.js';

const CORES = availableParallelism();
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

type Figures = Readonly<Record<string, number>>;

interface Question {
  readonly what: string;
  /** What is measured, by the variant's name. */
  readonly variants: Readonly<Record<string, (seconds: number) => Promise<Figures>>>;
}

/** As many jobs as a process does in a second on one core, about. */
const JOBS_PER_SECOND = 45;
const CLIENTS = 64;
const WARM_UP_SECONDS = 2;
const ASK_MS = 25;

async function ort(processes: number, threads: number, seconds: number): Promise<Figures> {
  const script = fileURLToPath(new URL('./ort-process.js', import.meta.url));
  const children = Array.from({ length: processes }, () => fork(script));
  const measure = (seconds: number) =>
    Promise.all(
      children.map(async (child) => {
        child.send({ modelsDir: join(ROOT, 'models'), threads, seconds } satisfies OrtOrder);
        const [report] = await once(child, 'message');
        return report as OrtReport;
      }),
    );
  await measure(0.5);
  const reports = await measure(seconds);
  for (const child of children) child.kill();
  const mean = (field: keyof OrtReport) => reports.reduce((sum, report) => sum + report[field], 0) / processes;
  return { 'per s': mean('perSecond') * processes, 'CPU ms': mean('cpuMs'), 'ms each': 1000 / mean('perSecond') };
}

/** Empties a queue that was filled before. */
const drained =
  (settings: Readonly<Record<string, string>>, arrange?: WorkerVariant['arrange']) =>
  async (seconds: number): Promise<Figures> => {
    const processes = Math.min(CORES, Number(settings.WORKER_PROCESSES ?? CORES));
    const variant = { settings: { WORKER_PROCESSES: `${CORES}`, ...settings }, ...(arrange && { arrange }) };
    const result = await stage.drain(Math.round(processes * seconds * JOBS_PER_SECOND), variant);
    return { 'per s': result.perSecond, 'CPU ms': result.cpuMs, 'MB each': result.residentMb };
  };

/** Clients in a closed loop, and beside them one that looks how long the API takes for the least that it can be asked. */
const answered = (arrange: NonNullable<WorkerVariant['arrange']>, settings: Readonly<Record<string, string>> = {}) =>
  async function closedLoop(seconds: number): Promise<Figures> {
    const api = await stage.startApi();
    const worker = await stage.startWorker({ settings: { WORKER_PROCESSES: `${CORES}`, ...settings }, arrange });
    const loop = startClosedLoop();
    const waits: number[] = [];
    let asking: NodeJS.Timeout | undefined;
    const ask = async () => {
      const askedAt = performance.now();
      await (await fetch(`${api.url}/healthz`)).text();
      waits.push(performance.now() - askedAt);
    };
    const order = { url: api.url, path: '/recognize_face', employeeId: EMPLOYEE, photos: stage.photoPaths };
    const { latencies, errors } = await loop.run(
      { ...order, clients: CLIENTS, warmUpSeconds: WARM_UP_SECONDS, seconds },
      {
        begin() {
          asking = setInterval(ask, ASK_MS);
        },
        end: () => clearInterval(asking),
      },
    );
    loop.stop();
    await worker.process.stop();
    await api.stop();
    const at = (values: readonly number[], share: number) => percentile(values, share) ?? Number.NaN;
    return {
      'per s': latencies.length / seconds,
      errors,
      'p50 ms': at(latencies, 0.5),
      'p99 ms': at(latencies, 0.99),
      'healthz p50': at(waits, 0.5),
      'healthz p99': at(waits, 0.99),
    };
  };

const pinEach = (pids: readonly number[]) => {
  for (const [index, pid] of pids.entries()) pin(pid, `${index % CORES}`);
};
const reniceAll = (niceness: number) => (pids: readonly number[]) => {
  for (const pid of pids) renice(pid, niceness);
};
const variantsOf = <T extends string | number>(
  values: readonly T[],
  measure: (value: T) => Question['variants'][string],
) => Object.fromEntries(values.map((value) => [`${value}`, measure(value)]));

const QUESTIONS: Readonly<Record<string, Question>> = {
  ort: {
    what: 'processes × threads of onnxruntime, the networks alone',
    variants: {
      '1 × 1': (seconds) => ort(1, 1, seconds),
      [`1 × ${CORES}`]: (seconds) => ort(1, CORES, seconds),
      [`${CORES} × 1`]: (seconds) => ort(CORES, 1, seconds),
      [`${CORES} × ${CORES}`]: (seconds) => ort(CORES, CORES, seconds),
    },
  },
  processes: {
    what: 'WORKER_PROCESSES',
    variants: variantsOf([1, CORES, CORES + 1, 2 * CORES], (n) => drained({ WORKER_PROCESSES: `${n}` })),
  },
  concurrency: {
    what: 'WORKER_CONCURRENCY',
    variants: variantsOf([1, 2, 3, 4, 8], (n) => drained({ WORKER_CONCURRENCY: `${n}` })),
  },
  uv: {
    what: 'UV_THREADPOOL_SIZE',
    variants: variantsOf([1, 2, 4, 8], (n) => drained({ UV_THREADPOOL_SIZE: `${n}` })),
  },
  pin: {
    what: 'inference processes on any core, and each on its own (taskset)',
    variants: { any: drained({}), own: drained({}, pinEach) },
  },
  nice: {
    what: `niceness of the inference processes; API, Redis, ${CLIENTS} clients and workers share the cores`,
    variants: variantsOf([0, 5, 10, 19], (niceness) => answered(reniceAll(niceness))),
  },
  quota: {
    what: 'inference processes in a cgroup that may use one core of processor time (cpu.max, cfs_quota)',
    variants: variantsOf(
      [1, CORES, 4 * CORES],
      (n) => (seconds) => withCpuQuota(1, (confine) => answered(confine, { WORKER_PROCESSES: `${n}` })(seconds)),
    ),
  },
};

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(QUESTIONS).join(',') },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  const list = Object.entries(QUESTIONS).map(([name, { what }]) => `  ${name.padEnd(12)} ${what}\n`);
  process.stdout.write(
    `Usage: npm run bench:threads -- [--only ort,pin] [--seconds 4] [--rounds 3]\n\n${list.join('')}`,
  );
  process.exit(0);
}

const stage = await openWorkerStage();

say(`${CORES} cores (load average ${loadavg()[0]?.toFixed(1)}); mean of ${values.rounds} rounds`);
const report: Record<string, unknown> = {};
for (const name of values.only.split(',')) {
  const question = QUESTIONS[name];
  if (!question) throw new Error(`there is no question "${name}"`);
  const rounds = new Map<string, Figures[]>(Object.keys(question.variants).map((variant) => [variant, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [variant, measure] of Object.entries(question.variants)) {
      rounds.get(variant)?.push(await measure(Number(values.seconds)));
    }
  }
  say(`\n${name}: ${question.what}`);
  const columns = Object.keys([...rounds.values()][0]?.[0] ?? {});
  say(`${['', ...columns].map((column) => column.padStart(12)).join('')}   per s in each round`);
  for (const [variant, figures] of rounds) {
    const cells = columns.map((column) => mean(figures.map((round) => round[column] ?? Number.NaN)).toFixed(1));
    const each = figures.map((round) => round['per s']?.toFixed(1)).join(' ');
    say(`${[variant, ...cells].map((cell) => cell.padStart(12)).join('')}   ${each}`);
  }
  report[name] = { what: question.what, variants: Object.fromEntries(rounds) };
}
await stage.stop();

mkdirSync(join(ROOT, 'test-results'), { recursive: true });
const json = join(ROOT, 'test-results', 'bench-threads.json');
writeFileSync(json, `${JSON.stringify({ at: new Date().toISOString(), cores: CORES, ...report }, null, 2)}\n`);
say('\nwritten to test-results/bench-threads.json');
process.exit(0);
