import { QUEUE_NAME } from '@rollcall/contracts';
import { type BlobStore, createBlobStore, loadConfig } from '@rollcall/platform';
import { Queue } from 'bullmq';
import { expect } from 'vitest';
import { photo } from './client.js';
import { createLedger, type Ledger, type LedgerEntry } from './ledger.js';
import { isMinioMissing, type MinioServer, startMinio } from './minio.js';
import { type RedisServer, startRedis } from './redis.js';
import {
  type RollcallProcess,
  type System,
  spawnRollcall,
  startSystem,
  startWorker,
  temporaryFolder,
} from './rollcall.js';
import { isToxiproxyMissing, startToxiproxy, type Way } from './toxiproxy.js';
import { until } from './until.js';

type Settings = Readonly<Record<string, string>>;

/** A Redis and an S3 server, and the ways to them, which can be made bad: what a Rollcall stands on. */
export interface NetworkStage {
  readonly redis: RedisServer;
  readonly minio: MinioServer;
  readonly wayToRedis: Way;
  readonly wayToS3: Way;
  /** The photos, read past the bad ways. */
  readonly store: BlobStore;
  readonly settings: Settings;
  api(changes?: Settings): Promise<System>;
  /** A worker of one process, ready. */
  worker(changes?: Settings): Promise<RollcallProcess>;
  /** A worker that may not become ready. */
  spawnWorker(changes?: Settings): RollcallProcess;
  /** Makes the ways good, ends every process of Rollcall and expects that none has come to harm. */
  clear(): Promise<void>;
  /** Expects that nothing is left in uploads/ once everything there is too old. */
  expectSwept(): Promise<void>;
  stop(): Promise<void>;
}

/** Who is enrolled. */
export const EMPLOYEE = '1001';
/** Shows the employee. */
export const RIGHT = await photo('person_a_1.jpg');
/** Shows somebody else. */
export const WRONG = await photo('impostor_1.jpg');

/** Whether tests on a stage have to be skipped for want of a program, which it reports. */
export function isNetworkStageMissing(): boolean {
  return [isMinioMissing(), isToxiproxyMissing()].includes(true);
}

export async function startNetworkStage(): Promise<NetworkStage> {
  const folder = temporaryFolder();
  const [redis, minio, toxiproxy] = await Promise.all([startRedis(), startMinio(), startToxiproxy()]);
  const minioAddress = `${minio.endPoint}:${minio.port}`;
  const [wayToRedis, wayToS3] = await Promise.all([
    toxiproxy.proxy(`127.0.0.1:${redis.port}`),
    toxiproxy.proxy(minioAddress),
  ]);
  const settings: Settings = {
    DATA_DIR: folder.path,
    REDIS_URL: `redis://${wayToRedis.address}`,
    MINIO_ENDPOINT: wayToS3.address,
    MINIO_ACCESS_KEY: minio.accessKey,
    MINIO_SECRET_KEY: minio.secretKey,
    WORKER_PROCESSES: '1',
    SYNC_TIMEOUT_MS: '60000',
  };
  const direct = { ...settings, REDIS_URL: redis.url, MINIO_ENDPOINT: minioAddress };
  const store = createBlobStore(loadConfig(direct));
  await store.put(`employees/${EMPLOYEE}/face_1.jpg`, RIGHT);
  let running: RollcallProcess[] = [];

  function remember<T extends RollcallProcess>(started: T): T {
    running.push(started);
    return started;
  }

  async function clear(): Promise<void> {
    await toxiproxy.reset();
    const ended = running;
    running = [];
    for (const process of ended) expectUnharmed(process, await process.stop());
  }

  return {
    redis,
    minio,
    wayToRedis,
    wayToS3,
    store,
    settings,
    api: async (changes) => remember(await startSystem('api', { ...settings, ...changes })),
    worker: async (changes) => remember(await startWorker({ ...settings, ...changes })),
    spawnWorker: (changes) => remember(spawnRollcall('worker', { ...settings, ...changes })),
    clear,
    async expectSwept() {
      await store.put('uploads/left-by-a-crash', RIGHT);
      remember(await startSystem('api', { ...direct, UPLOAD_MAX_AGE_SECONDS: '1', JOB_DEADLINE_MS: '1000' }));
      await until('every upload is gone', async () => ((await store.list('uploads/')).length > 0 ? undefined : true));
      await clear();
    },
    async stop() {
      await clear();
      store.close();
      await Promise.all([redis.stop(), minio.stop(), toxiproxy.stop()]);
      folder.remove();
    },
  };
}

/** Verifies so many times at once; one photo in five shows somebody else. */
export function verifyMany(
  ledger: Ledger,
  url: string,
  count: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<LedgerEntry>[] {
  return Array.from({ length: count }, (_, index) =>
    index % 5 === 0
      ? ledger.verify(url, EMPLOYEE, WRONG, { headers, expected: 'not_matched' })
      : ledger.verify(url, EMPLOYEE, RIGHT, { headers, expected: 'verified' }),
  );
}

/** How the requests were refused that were. A job that failed is among them, and should not be. */
export function refusals({ entries }: Ledger): string[] {
  return entries
    .filter(({ status, jobId }) => status !== 0 && jobId === undefined)
    .map(({ status, body }) => `${status} ${body.code}`);
}

/** Expects a good verification to be answered, sooner or later, without anybody's help. */
export async function expectRecovery(url: string): Promise<void> {
  await until(
    'a verification is answered',
    async () => ((await createLedger().verify(url, EMPLOYEE, RIGHT)).status === 200 ? true : undefined),
    60_000,
  );
}

/** Resolves when so many jobs wait for a worker. */
export async function untilQueued(redisUrl: string, count: number): Promise<void> {
  const queue = new Queue(QUEUE_NAME, { connection: { url: redisUrl } });
  try {
    await until(
      `${count} jobs wait`,
      async () => ((await queue.getJobCountByTypes('waiting', 'prioritized')) === count ? true : undefined),
      60_000,
    );
  } finally {
    await queue.close();
  }
}

function expectUnharmed(process: RollcallProcess, exitCode: number | null): void {
  expect(process.lines.filter(({ msg }) => msg === 'process died')).toEqual([]);
  expect(process.output()).not.toMatch(/unhandled|uncaught|MaxListeners/i);
  expect(exitCode).toBe(0);
}
