import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What `--measure` writes and everything else reads. */
export const COSTS_FILE = join(ROOT, 'test', 'src', 'simulate', 'costs.json');

/** The stores that a site can keep photos in. */
export type StoreKind = 'filesystem' | 's3';

/** CPU milliseconds of one verification on one core, unless it says otherwise. */
export interface VerificationCosts {
  readonly api: {
    /** On the event loop, until the job is added. */
    readonly acceptMs: number;
    /** On the event loop, once the job has ended. */
    readonly replyMs: number;
    /** On other threads: files, garbage collection. */
    readonly poolMs: number;
    /** On the event loop, for a job of another API instance: all read all events. */
    readonly overheardMs: number;
  };
  readonly redis: {
    readonly addMs: number;
    /** Ending a job, which also hands out the next one, and telling one API. */
    readonly finishMs: number;
    /** Telling each further API. */
    readonly overheardMs: number;
    /** A worker that has waited asks for a job; it may find none. */
    readonly askMs: number;
    readonly commands: number;
    /** In and out. */
    readonly bytes: number;
  };
  readonly worker: {
    /** On the event loop, besides inference: before the photo is decoded. */
    readonly beginMs: number;
    /** And after the faces are compared. */
    readonly finishMs: number;
    /** On the event loop, to be woken by the queue and ask for a job. */
    readonly askMs: number;
    /** On other threads, beside the inference of other photos. */
    readonly decodeMs: number;
    /** On the event loop: detection, refinement, alignment. */
    readonly detectMs: number;
    readonly embedMs: number;
    /** Coefficient of variation of decoding and inference together, from photo to photo. */
    readonly variation: number;
  };
  readonly store: {
    /** Milliseconds until it has answered when nothing else is going on. */
    readonly putLatencyMs: number;
    /** Of fetching a photo and listing a folder at once. */
    readonly readLatencyMs: number;
    /** CPU of the store's server, all requests of a verification. */
    readonly serverMs: number;
    /** Over the network, in and out. */
    readonly bytes: number;
  };
  /** Of a load generator on the same machine. */
  readonly clientMs: number;
}

export interface Costs {
  readonly at: string;
  readonly machine: { readonly model: string; readonly cores: number; readonly node: string };
  /** Photos that the bare pipeline in one process does a second: how fast the machine was while the costs were measured. */
  readonly barePerSecond: number;
  /** How much longer everything takes when all cores are busy instead of one. */
  readonly slowdown: number;
  /** On the API's event loop. */
  readonly refuseMs: number;
  readonly poll: { readonly apiMs: number; readonly redisMs: number };
  /** How late a process that slept is woken and told by another one. */
  readonly hopMs: number;
  /** What one process of each kind uses in a second in which nothing happens. */
  readonly idleMs: { readonly api: number; readonly redis: number; readonly worker: number };
  readonly stores: Readonly<Record<StoreKind, VerificationCosts>>;
}

/** @throws Error when nothing has been measured yet. */
export function readCosts(): Costs {
  return JSON.parse(readFileSync(COSTS_FILE, 'utf8')) as Costs;
}

export function writeCosts(costs: Costs): void {
  writeFileSync(
    COSTS_FILE,
    `${JSON.stringify(costs, (_, value) => (typeof value === 'number' ? round(value) : value), 2)}\n`,
  );
}

/** The costs on a machine that is `factor` times as fast. */
export function scaleCosts(costs: Costs, factor: number): Costs {
  const scale = <T extends object>(record: T): T =>
    Object.fromEntries(
      Object.entries(record).map(([name, value]) => {
        if (typeof value === 'object' && value !== null) return [name, scale(value)];
        return [name, typeof value === 'number' && name.endsWith('Ms') ? value / factor : value];
      }),
    ) as T;
  return { ...scale(costs), barePerSecond: costs.barePerSecond * factor };
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
