import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { percent } from '../support/text.js';
import type { Profile } from './arrivals.js';
import { type Costs, ROOT } from './costs.js';
import type { SiteOptions } from './site.js';
import { type Demand, findSize, type Size } from './size.js';
import type { Comparison } from './validate.js';

export const SIZING_FILE = join(ROOT, 'docs', 'sizing.md');

const PEOPLE = [100, 1_000, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000];
const PROFILES: readonly Profile[] = ['poisson', 'peaked'];
const MINUTES = 15;
const WANTED_P99 = 3_000;

/** Writes the table from 100 to 1,000,000 employees into the document. */
export function writeSizes(site: SiteOptions, costs: Costs, seed: number, say: (line: string) => void): void {
  const sections = PROFILES.flatMap((profile) => {
    const rows = PEOPLE.map((people) => {
      const demand: Demand = { people, minutes: MINUTES, profile, wantedP99: WANTED_P99, seed };
      const row = rowOf(demand, findSize(demand, site, costs), costs, site);
      say(row.join('  '));
      return row;
    });
    const title =
      profile === 'poisson'
        ? 'Arrivals spread evenly over the 15 minutes'
        : 'Arrivals peaked in the middle (2.4 × the mean rate)';
    return [`**${title}**`, '', markdown(COLUMNS, rows), ''];
  });
  const { at, machine, stores } = costs;
  const { api, redis, worker, store } = stores[site.store];
  const own = worker.beginMs + worker.detectMs + worker.embedMs + worker.finishMs;
  const onLoop = api.acceptMs + api.replyMs;
  const inRedis = redis.addMs + redis.finishMs;
  const facts = markdown(
    ['measured with one worker', 'per verification', 'so that one does at most'],
    [
      [
        'worker process',
        `${ms(own)} on its event loop (inference ${ms(worker.detectMs + worker.embedMs)}), ${ms(worker.decodeMs)} beside it`,
        perSecond(own),
      ],
      ['API instance', `${ms(onLoop)} on its event loop, ${ms(api.poolMs)} beside it`, perSecond(onLoop)],
      [
        'verification of another API instance',
        `${ms(api.overheardMs)} on the event loop of each, to read its events`,
        `${perSecond(api.overheardMs)}, and nothing of its own`,
      ],
      [
        'Redis',
        `${ms(inRedis)}, ${redis.commands.toFixed(0)} commands (those inside scripts included), ${kilobytes(redis.bytes)} in and out; ${ms(redis.overheardMs)} more for each further API instance`,
        perSecond(inRedis),
      ],
      [
        'S3 server',
        `${ms(store.serverMs)}, ${kilobytes(store.bytes)} in and out (photos of 250×250 and 640×480)`,
        `${perSecond(store.serverMs)} a core, ${figure(1e9 / 8 / store.bytes)}/s a Gbit/s`,
      ],
      ['poll', `${ms(costs.poll.apiMs)} API, ${ms(costs.poll.redisMs)} Redis`, perSecond(costs.poll.apiMs)],
      ['refusal', `${ms(costs.refuseMs)} API`, perSecond(costs.refuseMs)],
    ],
  );
  const about = `Costs of ${at.slice(0, 10)}, ${machine.cores} cores of ${machine.model}, Node ${machine.node}, store ${site.store}.`;
  replaceSection('table', [about, '', facts, '', ...sections].join('\n'));
}

const COLUMNS = [
  'employees',
  'mean, peak /s',
  'shards',
  'worker cores',
  'API instances',
  'p50, p99',
  'workers busy at the peak',
  'API',
  'Redis',
  'S3 cores',
  'S3 Mbit/s',
];

/** Numbers of the whole site; shares of one shard, which are all alike. */
function rowOf({ people }: Demand, size: Size, costs: Costs, { store }: SiteOptions): string[] {
  const { shards, workers, apis, peakPerSecond, result } = size;
  const { workers: busy = 0, api = 0, redis = 0 } = result.peakUtilisation;
  const costsOfStore = costs.stores[store].store;
  const at = (share: number) => `${Math.round(result.answerMs.percentile(share) ?? 0)}`;
  return [
    people.toLocaleString('en'),
    `${figure(people / (MINUTES * 60))}, ${figure(peakPerSecond)}`,
    `${shards}`,
    shards === 1 ? `${workers}` : `${shards} × ${workers}`,
    shards === 1 ? `${apis}` : `${shards} × ${apis}`,
    `${at(0.5)}, ${at(0.99)} ms`,
    percent(busy),
    percent(api),
    percent(redis),
    figure((peakPerSecond * costsOfStore.serverMs) / 1000),
    figure((peakPerSecond * costsOfStore.bytes * 8) / 1e6),
  ];
}

/** Writes measured beside simulated into the document. */
export function writeComparisons(comparisons: readonly Comparison[]): void {
  const rows = comparisons.map(({ workers, load, rows: figures }) => [
    `${workers}`,
    load,
    ...figures.map(({ what, measured, simulated }) => {
      const digits = what === 'perSecond' ? 1 : 0;
      return `${measured.toFixed(digits)}, ${simulated.toFixed(digits)} (${signed(simulated / measured - 1)})`;
    }),
  ]);
  replaceSection('validation', markdown(['workers', 'load', 'per second', 'p50 ms', 'p95 ms', 'p99 ms'], rows));
}

/** @throws Error when the document has no such section. */
function replaceSection(name: string, content: string): void {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const text = readFileSync(SIZING_FILE, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/sizing.md has no section ${begin} … ${end}`);
  writeFileSync(SIZING_FILE, `${text.slice(0, from + begin.length)}\n${content.trim()}\n${text.slice(to)}`);
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export function signed(share: number): string {
  const text = (100 * share).toFixed(0);
  return `${share >= 0 ? '+' : '−'}${text.replace('-', '')} %`;
}

function figure(value: number): string {
  return value >= 10 ? Math.round(value).toLocaleString('en') : value.toPrecision(2);
}

function perSecond(ms: number): string {
  return `${figure(1000 / ms)}/s`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}
