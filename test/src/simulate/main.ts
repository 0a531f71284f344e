// `npm run simulate`: what a site needs, by discrete-event simulation with costs that were measured on this machine.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { say } from '../support/say.js';
import { drawArrivals, readTrace } from './arrivals.js';
import { type Costs, ROOT, readCosts, type StoreKind, writeCosts } from './costs.js';
import type { GpuOptions } from './gpu.js';
import { measureCosts } from './measure.js';
import { createRandom } from './random.js';
import { describe, drawResult, figures, page } from './report.js';
import { simulate } from './simulate.js';
import { DEFAULT_SITE, type SiteOptions } from './site.js';
import { findSize } from './size.js';
import { signed, writeComparisons, writeSizes } from './table.js';
import { type Comparison, validate } from './validate.js';

const USAGE = `Usage: npm run simulate -- [options]

  --employees 5000        people who come
  --minutes 15            within so many minutes
  --arrivals poisson      poisson (evenly), peaked (normal, 2.4 × the mean rate in the middle) or trace
  --trace FILE            seconds of the arrivals, one a line
  --gates 0               terminals, each serving one person at a time; 0: nobody stands in line
  --walk-seconds 1        from an answer to the next photo at the same gate
  --no-retry              whoever is refused stays away
  --workers 2             worker processes (= cores)
  --cores 8               cores, and worker processes, of one worker machine
  --concurrency 3         jobs that a worker process has at once
  --apis 1                API instances
  --store s3              s3 or filesystem
  --store-cores 8, --link-gbit 10, --network-ms 0.1
  --sync-timeout-ms 10000, --max-waiting-jobs 20000
  --gpu FIXED,FACE,N,WAIT a GPU in each worker machine: ms of a batch, ms of a face, most faces, ms to wait (assumptions)
  --one-machine CORES     everything, the clients included, on one machine
  --wanted-p99 MS         find the smallest number of workers and API instances
  --seed 1
  --json                  print JSON

  --measure               measure the costs on this machine (80 s) and write costs.json
  --validate              compare with the real system on this machine, with 1 and 2 workers (90 s), or with --workers
  --table                 write the table of docs/sizing.md
`;

const { values } = parseArgs({
  options: {
    employees: { type: 'string', default: '5000' },
    minutes: { type: 'string', default: '15' },
    arrivals: { type: 'string', default: 'poisson' },
    trace: { type: 'string' },
    gates: { type: 'string', default: '0' },
    'walk-seconds': { type: 'string', default: '1' },
    'no-retry': { type: 'boolean', default: false },
    workers: { type: 'string' },
    cores: { type: 'string' },
    concurrency: { type: 'string' },
    apis: { type: 'string' },
    store: { type: 'string', default: 's3' },
    'store-cores': { type: 'string' },
    'link-gbit': { type: 'string' },
    'network-ms': { type: 'string' },
    'sync-timeout-ms': { type: 'string' },
    'max-waiting-jobs': { type: 'string' },
    gpu: { type: 'string' },
    'one-machine': { type: 'string' },
    'wanted-p99': { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    measure: { type: 'boolean', default: false },
    validate: { type: 'boolean', default: false },
    table: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

/** @throws Error naming the option. */
function number(name: string, text: string, least = 0): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < least)
    throw new Error(`--${name}: ${text} is not a number of at least ${least}`);
  return value;
}

function given(name: 'workers' | 'cores' | 'concurrency' | 'apis', fallback: number): number {
  const text = values[name];
  return text === undefined ? fallback : Math.ceil(number(name, text, 1));
}

function gpuOptions(text: string): GpuOptions {
  const [fixedMs = Number.NaN, perFaceMs = Number.NaN, maxFaces = Number.NaN, maxWaitMs = Number.NaN] = text
    .split(',')
    .map(Number);
  if (![fixedMs, perFaceMs, maxWaitMs].every((ms) => ms >= 0) || !(maxFaces >= 1)) {
    throw new Error('--gpu: four numbers, for instance 2,0.3,16,3');
  }
  return { fixedMs, perFaceMs, maxFaces, maxWaitMs };
}

function siteOptions(): SiteOptions {
  const { store } = values;
  if (store !== 's3' && store !== 'filesystem') throw new Error(`--store: ${store} is neither s3 nor filesystem`);
  const optional = (name: 'store-cores' | 'link-gbit' | 'network-ms' | 'sync-timeout-ms' | 'max-waiting-jobs') => {
    const text = values[name];
    return text === undefined ? undefined : number(name, text);
  };
  return {
    ...DEFAULT_SITE,
    store: store satisfies StoreKind,
    workers: given('workers', DEFAULT_SITE.workers),
    coresPerMachine: given('cores', DEFAULT_SITE.coresPerMachine),
    concurrency: given('concurrency', DEFAULT_SITE.concurrency),
    apis: given('apis', DEFAULT_SITE.apis),
    storeCores: optional('store-cores') ?? DEFAULT_SITE.storeCores,
    linkGbit: optional('link-gbit') ?? DEFAULT_SITE.linkGbit,
    networkMs: optional('network-ms') ?? DEFAULT_SITE.networkMs,
    syncTimeoutMs: optional('sync-timeout-ms') ?? DEFAULT_SITE.syncTimeoutMs,
    maxWaitingJobs: optional('max-waiting-jobs') ?? DEFAULT_SITE.maxWaitingJobs,
    oneMachineCores: values['one-machine'] === undefined ? undefined : number('one-machine', values['one-machine'], 1),
    gpu: values.gpu === undefined ? undefined : gpuOptions(values.gpu),
  };
}

async function runValidation(costs: Costs, seed: number): Promise<boolean> {
  const counts = values.workers === undefined ? [1, 2] : [given('workers', 1)];
  const comparisons: Comparison[] = [];
  for (const workers of counts) {
    const { pace, comparisons: some } = await validate(workers, costs, seed);
    say(`${workers} workers: the machine is ${pace.toFixed(2)} × as fast as when the costs were measured`);
    comparisons.push(...some);
  }
  say('workers  load                      what        measured  simulated  error');
  let isWithin = true;
  for (const { workers, load, rows } of comparisons) {
    for (const { what, measured, simulated } of rows) {
      const error = simulated / measured - 1;
      if (what !== 'p99' && Math.abs(error) > WANTED_ERROR) isWithin = false;
      const cells = [`${workers}`.padEnd(9), load.padEnd(26), what.padEnd(12), measured.toFixed(1).padStart(8)];
      say(`${cells.join('')}${simulated.toFixed(1).padStart(11)}${signed(error).padStart(7)}`);
    }
  }
  if (values.workers === undefined) writeComparisons(comparisons);
  say(isWithin ? 'ok: throughput, p50 and p95 within 15 %' : 'MISSED: throughput, p50 or p95 not within 15 %');
  return isWithin;
}

const WANTED_ERROR = 0.15;

function runScenario(costs: Costs, seed: number): void {
  const minutes = number('minutes', values.minutes);
  const people = number('employees', values.employees, 1);
  const profile = values.arrivals;
  let site = siteOptions();
  const wanted = values['wanted-p99'];
  let shards = 1;
  if (wanted !== undefined) {
    if (profile !== 'poisson' && profile !== 'peaked')
      throw new Error('--wanted-p99 needs --arrivals poisson or peaked');
    const size = findSize({ people, minutes, profile, wantedP99: number('wanted-p99', wanted), seed }, site, costs);
    site = { ...site, workers: size.workers, apis: size.apis };
    shards = size.shards;
    if (!values.json) {
      say(
        `smallest site with p99 ≤ ${wanted} ms: ${shards} shard(s), each with ${site.workers} worker processes and ${site.apis} API instances\n`,
      );
    }
  }
  const random = createRandom(seed);
  let times: Float64Array;
  if (profile === 'trace') times = readTrace(values.trace ?? '');
  else if (profile === 'poisson' || profile === 'peaked') {
    times = drawArrivals(random, Math.ceil(people / shards), minutes, profile);
  } else throw new Error(`--arrivals: ${profile} is not poisson, peaked or trace`);

  const beganAt = performance.now();
  const gates = Math.ceil(number('gates', values.gates));
  const walkMs = 1000 * number('walk-seconds', values['walk-seconds']);
  const load = { kind: 'arrivals', times, gates, walkMs, retry: !values['no-retry'] } as const;
  const result = simulate({ site, load, seed }, costs);
  const tookS = (performance.now() - beganAt) / 1000;

  const title = `${times.length.toLocaleString('en')} people${shards > 1 ? ` in one of ${shards} shards` : ''}`;
  const rows = describe(result);
  const results = join(ROOT, 'test-results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'simulate.html'), page(title, site, rows, drawResult(result, title)));
  const report = { at: new Date().toISOString(), people: times.length, shards, site, seed, ...figures(result) };
  writeFileSync(join(results, 'simulate.json'), `${JSON.stringify(report, null, 2)}\n`);
  if (values.json) {
    say(JSON.stringify(report, null, 2));
    return;
  }
  say(`${title}, ${site.workers} worker processes, ${site.apis} API instances, store ${site.store}`);
  for (const [name, text] of rows) say(`${name.padEnd(20)}${text}`);
  say(
    `\n${result.events.toLocaleString('en')} events in ${tookS.toFixed(1)} s; written to test-results/simulate.html and .json`,
  );
}

async function main(): Promise<number> {
  if (values.help) {
    say(USAGE);
    return 0;
  }
  const seed = number('seed', values.seed);
  if (values.measure) writeCosts(await measureCosts(say));
  const costs = readCosts();
  const isWithin = values.validate ? await runValidation(costs, seed) : true;
  if (values.table) writeSizes(siteOptions(), costs, seed, say);
  if (!values.measure && !values.validate && !values.table) runScenario(costs, seed);
  return isWithin ? 0 : 1;
}

// Servers that were started for a measurement would keep the process alive.
process.exit(
  await main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }),
);
