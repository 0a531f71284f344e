import { embeddingKey } from '@rollcall/contracts';
import { type BlobStore, createBlobStore } from '@rollcall/platform';
import { Redis } from 'ioredis';
import sharp from 'sharp';
import { expect } from 'vitest';
import { photo } from '../src/support/client.js';
import { type Expected, type FaultReport, type Ledger, type LedgerEntry, reportFault } from '../src/support/ledger.js';
import { type RedisServer, startRedis } from '../src/support/redis.js';
import {
  type RollcallProcess,
  type System,
  startSystem,
  startWorker,
  temporaryFolder,
} from '../src/support/rollcall.js';
import { until } from '../src/support/until.js';

/** A verification whose answer is known, and is nobody else's. */
export interface Case {
  readonly employeeId: string;
  readonly photo: Uint8Array;
  readonly expected: Expected;
}

/** Real processes around a Redis and a folder of their own. */
export interface Stage {
  readonly server: RedisServer;
  /** A connection to it. */
  readonly redis: Redis;
  readonly store: BlobStore;
  /** What every process is started with, besides `changes`. */
  settings(changes?: Readonly<Record<string, string>>): Record<string, string>;
  addApi(changes?: Readonly<Record<string, string>>): Promise<System>;
  addWorker(changes?: Readonly<Record<string, string>>): Promise<RollcallProcess>;
  /** Ends one process that was added. Resolves with its exit code. */
  stop(process: RollcallProcess, signal?: NodeJS.Signals): Promise<number | null>;
  /** A photo of employee 1001, of 14 KB. */
  readonly smallPhoto: Uint8Array;
  /** The n-th of the cases, which come again and again. */
  case(index: number): Case;
  ask(ledger: Ledger, api: System, asked: Case, headers?: Readonly<Record<string, string>>): Promise<LedgerEntry>;
  /** Has so many verifications accepted, one after the other, without waiting for their answers. Their job ids. */
  submit(ledger: Ledger, api: System, count: number): Promise<string[]>;
  /** Resolves when workers have made the embeddings of all reference photos, so that none is in their hands. */
  embedded(): Promise<void>;
  /** Resolves when so many jobs wait for a worker. */
  waiting(count: number): Promise<void>;
  /** Resolves when no job waits or runs. */
  idle(): Promise<void>;
  /** When all jobs have ended, removes the photos that dead processes had yet to remove, as the sweep does in time. */
  sweep(): Promise<void>;
  /** Uploads that are there now. */
  uploads(): Promise<string[]>;
  noUploadLeft(): Promise<void>;
  /**
   * What has to hold after every fault: the ledger's promise, each job ended once as far as Redis has seen, no photo is
   * left, and no process has warned of listeners that pile up. Puts the report into the table of faults.
   */
  conclude(fault: string, ledger: Ledger, apis: readonly System[]): Promise<FaultReport>;
  /** Ends every process that was added, but this one. */
  clear(but?: RollcallProcess): Promise<void>;
  close(): Promise<void>;
}

export const ASYNC = { prefer: 'respond-async' };

/** What a process that has died or came late has left goes within 45 s; the rest is for a busy machine. */
const RECONCILED_MS = 90_000;

/** Where BullMQ keeps the queue. */
export const QUEUE_KEY = 'bull:{rollcall}:';

/** Where BullMQ keeps the jobs that have not ended, and how they are counted there. */
const COUNT_COMMANDS = { wait: 'llen', active: 'llen', prioritized: 'zcard', delayed: 'zcard' } as const;
type Place = keyof typeof COUNT_COMMANDS;
const WAITING: readonly Place[] = ['wait', 'prioritized'];

export async function openStage(): Promise<Stage> {
  const folder = temporaryFolder();
  const store = createBlobStore({ s3: undefined, dataDir: folder.path });
  const server = await startRedis();
  const redis = new Redis(server.url);
  redis.on('error', () => undefined);
  /** Those that run. */
  const processes = new Set<RollcallProcess>();
  const everAdded: RollcallProcess[] = [];
  const [a1, a2, b1, b2] = await Promise.all(
    ['person_a_1.jpg', 'person_a_2.jpg', 'person_b_1.jpg', 'person_b_2.jpg'].map(photo),
  );
  const cases: Case[] = [
    { employeeId: '1001', photo: a2 as Buffer, expected: 'verified' },
    { employeeId: '2002', photo: b2 as Buffer, expected: 'verified' },
    { employeeId: '1001', photo: b2 as Buffer, expected: 'not_matched' },
    { employeeId: '2002', photo: a2 as Buffer, expected: 'not_matched' },
    { employeeId: '3003', photo: b2 as Buffer, expected: 'not_matched' },
  ];
  await store.put('employees/1001/face_1.jpg', a1 as Buffer);
  await store.put('employees/2002/face_1.jpg', b1 as Buffer);
  await store.put('employees/3003/face_1.jpg', await photo('impostor_1.jpg'));

  function settings(changes: Readonly<Record<string, string>> = {}): Record<string, string> {
    const own = { DATA_DIR: folder.path, REDIS_URL: server.url, WORKER_PROCESSES: '1', SYNC_TIMEOUT_MS: '60000' };
    return { ...own, ...changes };
  }

  async function add<P extends RollcallProcess>(starting: Promise<P>): Promise<P> {
    const running = await starting;
    processes.add(running);
    everAdded.push(running);
    return running;
  }

  async function uploads(): Promise<string[]> {
    return (await store.list('uploads/')).filter(({ size }) => size > 0).map(({ key }) => key);
  }

  /** Resolves when the number of jobs in all these places is right. */
  async function counted(what: string, places: readonly Place[], isRight: (count: number) => boolean): Promise<void> {
    await until(
      what,
      async () => {
        const counts = await Promise.all(places.map((place) => redis[COUNT_COMMANDS[place]](`${QUEUE_KEY}${place}`)));
        return isRight(counts.reduce((sum, count) => sum + count, 0)) || undefined;
      },
      60_000,
    );
  }

  const stage: Stage = {
    server,
    redis,
    store,
    settings,
    addApi: (changes) => add(startSystem('api', settings(changes))),
    addWorker: (changes) => add(startWorker(settings(changes))),
    async stop(running, signal) {
      processes.delete(running);
      return running.stop(signal);
    },
    smallPhoto: a1 as Buffer,
    case: (index) => cases[index % cases.length] as Case,
    ask(ledger, { url }, { employeeId, photo: image, expected }, headers = {}) {
      return ledger.verify(url, employeeId, image, { expected, headers });
    },
    async submit(ledger, api, count) {
      const ids: string[] = [];
      for (let index = 0; index < count; index++) {
        const { status, jobId = '' } = await stage.ask(ledger, api, stage.case(index), ASYNC);
        expect(status).toBe(202);
        ids.push(jobId);
      }
      return ids;
    },
    embedded: () =>
      until('all reference photos are embedded', async () => {
        const keys = (await store.list('employees/')).map(({ key }) => key);
        const photos = keys.filter((key) => /\/face_[^/]*$/.test(key) && !key.includes('/.rollcall/'));
        return photos.every((key) => keys.includes(embeddingKey(key))) || undefined;
      }).then(() => undefined),
    waiting: (count) => counted(`${count} jobs wait`, WAITING, (waiting) => waiting >= count),
    idle: () => counted('no job waits or runs', [...WAITING, 'active', 'delayed'], (jobs) => jobs === 0),
    async sweep() {
      await stage.idle();
      await stage.stop(await stage.addWorker({ UPLOAD_MAX_AGE_SECONDS: '1', JOB_DEADLINE_MS: '1000' }));
    },
    uploads,
    noUploadLeft: () =>
      until('every upload is gone', async () => (await uploads()).length === 0 || undefined, RECONCILED_MS).then(
        () => undefined,
      ),
    async conclude(fault, ledger, apis) {
      const report = await ledger.settle(apis.map(({ url }) => url));
      const jobs = ledger.entries.flatMap(({ jobId }) => jobId ?? []);
      const ends = await endsOf(redis);
      expect(jobs.filter((id) => ends.get(id) !== 1)).toEqual([]);
      await stage.noUploadLeft();
      for (const { output } of everAdded) expect(output()).not.toContain('MaxListenersExceeded');
      reportFault(fault, report);
      return report;
    },
    async clear(but) {
      await Promise.all([...processes].filter((running) => running !== but).map((running) => stage.stop(running)));
    },
    async close() {
      await stage.clear();
      redis.disconnect();
      await server.stop();
      folder.remove();
    },
  };
  return stage;
}

/** How many ends of each job the stream of events tells. */
async function endsOf(redis: Redis): Promise<Map<string, number>> {
  const ends = new Map<string, number>();
  for (const [, fields] of await redis.xrange(`${QUEUE_KEY}events`, '-', '+')) {
    const field = (name: string) => fields[fields.indexOf(name) + 1] ?? '';
    if (!['completed', 'failed'].includes(field('event'))) continue;
    ends.set(field('jobId'), (ends.get(field('jobId')) ?? 0) + 1);
  }
  return ends;
}

/** Some 38 megapixels of employee 1001 that take a second or more to decode, so that a test can act in between. */
export async function slowCase(): Promise<Case> {
  const image = await sharp(await photo('person_a_2.jpg'))
    .resize(6200, 6200, { fit: 'fill' })
    .webp({ effort: 0, quality: 60 })
    .toBuffer();
  return { employeeId: '1001', photo: image, expected: 'verified' };
}
