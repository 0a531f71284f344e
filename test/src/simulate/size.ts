import { drawArrivals, PEAK_FACTOR, type Profile } from './arrivals.js';
import type { Costs } from './costs.js';
import { createRandom } from './random.js';
import { type Result, simulate } from './simulate.js';
import type { SiteOptions } from './site.js';

/** What a site has to do. */
export interface Demand {
  readonly people: number;
  readonly minutes: number;
  readonly profile: Profile;
  /** Of the time from a person's photo to the decision, in milliseconds. */
  readonly wantedP99: number;
  readonly seed: number;
}

/** The smallest site that does it. */
export interface Size {
  /** Equal parts, each with its own Redis, queue, workers and API instances. */
  readonly shards: number;
  /** Of one shard. */
  readonly workers: number;
  readonly apis: number;
  readonly peakPerSecond: number;
  /** Of one shard. */
  readonly result: Result;
}

/** Busier than this on average over the busiest seconds, one thread makes everybody wait, and has no room for what is not simulated. */
const MAX_THREAD_SHARE = 0.6;
const MAX_APIS = 16;
const MAX_WORKERS = 100_000;

/**
 * The smallest number of workers, then of API instances, that keeps the p99. Shards are added until neither Redis nor the
 * events that every API instance reads take more than 60 % of a core.
 * @throws Error when no number of workers keeps it.
 */
export function findSize(demand: Demand, site: SiteOptions, costs: Costs): Size {
  const peakPerSecond = (demand.people / (demand.minutes * 60)) * PEAK_FACTOR[demand.profile];
  let shards = 1;
  let needed = apisFor(peakPerSecond, site, costs);
  while (needed === undefined) needed = apisFor(peakPerSecond / ++shards, site, costs);

  const people = Math.ceil(demand.people / shards);
  const times = drawArrivals(createRandom(demand.seed), people, demand.minutes, demand.profile);
  const load = { kind: 'arrivals', times, gates: 0, walkMs: 0, retry: true } as const;
  const run = (workers: number, apis: number): Result | undefined => {
    const scenario = { site: { ...site, workers, apis }, load, seed: demand.seed, giveUpAboveMs: demand.wantedP99 };
    const result = simulate(scenario, costs);
    return result.isComplete ? result : undefined;
  };

  let apis = needed;
  const first = searchUp((workers) => run(workers, apis), leastWorkers(people, demand, site, costs));
  let best: { readonly value: number; readonly result: Result } = first;
  while (apis > 1) {
    const fewer = run(best.value, apis - 1);
    if (!fewer) break;
    apis--;
    best = { value: best.value, result: fewer };
  }
  return { shards, workers: best.value, apis, peakPerSecond, result: best.result };
}

/** API instances with which no event loop and not Redis is too busy; undefined when there is no such number. */
function apisFor(perSecond: number, { store }: SiteOptions, { stores }: Costs): number | undefined {
  const { api, redis } = stores[store];
  for (let apis = 1; apis <= MAX_APIS; apis++) {
    const loop = perSecond * ((api.acceptMs + api.replyMs) / apis + api.overheardMs * (1 - 1 / apis));
    const inRedis = perSecond * (redis.addMs + redis.finishMs + redis.overheardMs * (apis - 1));
    if (inRedis > MAX_THREAD_SHARE * 1000) return undefined;
    if (loop <= MAX_THREAD_SHARE * 1000) return apis;
  }
  return undefined;
}

/** With fewer, a tenth of the work would be left when the last one in a hundred may be waiting. */
function leastWorkers(
  people: number,
  { minutes, wantedP99 }: Demand,
  { store, gpu }: SiteOptions,
  { stores }: Costs,
): number {
  const { beginMs, detectMs, embedMs, finishMs } = stores[store].worker;
  const onLoop = beginMs + detectMs + finishMs + (gpu ? 0 : embedMs);
  return Math.max(1, Math.floor((0.9 * people * onLoop) / (minutes * 60_000 + wantedP99)));
}

/** The least number from `least` on for which there is a result: steps that double until there is one, then halved in between. */
function searchUp(run: (value: number) => Result | undefined, least: number): { value: number; result: Result } {
  let tooFew = least - 1;
  let value = least;
  let step = Math.max(1, Math.ceil(least / 8));
  let result = run(value);
  while (!result) {
    if (value > MAX_WORKERS) throw new Error('no number of workers keeps the wanted p99; is it below the work itself?');
    tooFew = value;
    value += step;
    step *= 2;
    result = run(value);
  }
  while (value - tooFew > 1) {
    const middle = (tooFew + value) >> 1;
    const found = run(middle);
    if (found) [value, result] = [middle, found];
    else tooFew = middle;
  }
  return { value, result };
}
