import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { employeePrefix } from '@rollcall/contracts';
import { type BlobStore, createBlobStore, loadConfig } from '@rollcall/platform';
import { Redis } from 'ioredis';
import { photoPath } from '../support/client.js';
import { type MinioServer, startMinio } from '../support/minio.js';
import { startRedis } from '../support/redis.js';
import { type System, startSystem, temporaryFolder } from '../support/rollcall.js';
import { until } from '../support/until.js';
import { makePhotos } from './photos.js';
import { connectToPrivateRedis } from './watch.js';

/** Who is enrolled, and on all photos. */
export const EMPLOYEE = '1001';
export const PROCESSES = availableParallelism();
/** Jobs that a worker process takes at a time unless told. */
export const CONCURRENCY = loadConfig({}).workerConcurrency;

/** A system of the benchmark's own, started as `npm start` does, with one employee. */
export interface BenchStage {
  readonly system: System;
  readonly store: BlobStore;
  /** Where photos are kept when not in files. */
  readonly minio: MinioServer | undefined;
  readonly settings: Readonly<Record<string, string>>;
  /** Paths of the photos to verify. */
  readonly photoPaths: readonly string[];
  /** From the start of the program until it said that it is ready. */
  readonly startSeconds: number;
  connectRedis(): Redis;
  /** Resolves when no upload is left: every job has ended. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

export interface BenchStageOptions {
  /** Keep photos in a MinIO server, not in files. */
  readonly s3: boolean;
  /** Use a Redis server of its own over TCP, not the private one that `npm start` runs. */
  readonly redisServer?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
}

const IDLE_TIMEOUT_MS = 120_000;

export async function openBenchStage(options: BenchStageOptions): Promise<BenchStage> {
  const { s3, redisServer = false, settings: changes } = options;
  const folder = temporaryFolder();
  const photoPaths = await makePhotos(folder.path);
  const minio = s3 ? await startMinio() : undefined;
  const redis = redisServer ? await startRedisAsDeployed() : undefined;
  const settings = {
    DATA_DIR: join(folder.path, 'data'),
    WORKER_PROCESSES: `${PROCESSES}`,
    ...changes,
    ...(redis && { REDIS_URL: redis.url }),
    ...(minio && {
      MINIO_ENDPOINT: `${minio.endPoint}:${minio.port}`,
      MINIO_ACCESS_KEY: minio.accessKey,
      MINIO_SECRET_KEY: minio.secretKey,
    }),
  };
  const store = createBlobStore(loadConfig(settings));
  await store.put(`${employeePrefix(EMPLOYEE)}face_1.jpg`, await readFile(photoPath('person_a_1.jpg')));
  const startedAt = performance.now();
  const system = await startSystem('start', settings);
  return {
    system,
    store,
    minio,
    settings,
    photoPaths,
    startSeconds: (performance.now() - startedAt) / 1000,
    connectRedis: () => (redis ? new Redis(redis.url) : connectToPrivateRedis(settings.DATA_DIR)),
    async idle() {
      const isIdle = async () => ((await store.list('uploads/')).some(({ size }) => size > 0) ? undefined : true);
      await until('the queue is empty', isIdle, IDLE_TIMEOUT_MS);
    },
    async stop() {
      await system.stop();
      store.close();
      await minio?.stop();
      await redis?.stop();
      folder.remove();
    },
  };
}

/** As docker-compose.yml runs it: on disk within a second. */
async function startRedisAsDeployed() {
  const server = await startRedis();
  const redis = new Redis(server.url);
  await redis.config('SET', 'appendfsync', 'everysec');
  redis.disconnect();
  return server;
}
