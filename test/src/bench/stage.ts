import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { employeePrefix } from '@rollcall/contracts';
import { type BlobStore, createBlobStore, loadConfig } from '@rollcall/platform';
import { photoPath } from '../support/client.js';
import { startMinio } from '../support/minio.js';
import { type System, startSystem, temporaryFolder } from '../support/rollcall.js';
import { until } from '../support/until.js';
import { makePhotos } from './photos.js';

/** Who is enrolled, and on all photos. */
export const EMPLOYEE = '1001';
export const PROCESSES = availableParallelism();
export const CONCURRENCY = 3;

/** A system of the benchmark's own, started as `npm start` does, with one employee. */
export interface BenchStage {
  readonly system: System;
  readonly store: BlobStore;
  readonly settings: Readonly<Record<string, string>>;
  /** Paths of the photos to verify. */
  readonly photoPaths: readonly string[];
  /** Resolves when no upload is left: every job has ended. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

export interface BenchStageOptions {
  /** Keep photos in a MinIO server, not in files. */
  readonly s3: boolean;
  readonly settings?: Readonly<Record<string, string>>;
}

const IDLE_TIMEOUT_MS = 120_000;

export async function openBenchStage({ s3, settings: changes }: BenchStageOptions): Promise<BenchStage> {
  const folder = temporaryFolder();
  const photoPaths = await makePhotos(folder.path);
  const minio = s3 ? await startMinio() : undefined;
  const settings = {
    DATA_DIR: join(folder.path, 'data'),
    WORKER_PROCESSES: `${PROCESSES}`,
    WORKER_CONCURRENCY: `${CONCURRENCY}`,
    ...changes,
    ...(minio && {
      MINIO_ENDPOINT: `${minio.endPoint}:${minio.port}`,
      MINIO_ACCESS_KEY: minio.accessKey,
      MINIO_SECRET_KEY: minio.secretKey,
    }),
  };
  const store = createBlobStore(loadConfig(settings));
  await store.put(`${employeePrefix(EMPLOYEE)}face_1.jpg`, await readFile(photoPath('person_a_1.jpg')));
  const system = await startSystem('start', settings);
  return {
    system,
    store,
    settings,
    photoPaths,
    async idle() {
      const isIdle = async () => ((await store.list('uploads/')).some(({ size }) => size > 0) ? undefined : true);
      await until('the queue is empty', isIdle, IDLE_TIMEOUT_MS);
    },
    async stop() {
      await system.stop();
      store.close();
      await minio?.stop();
      folder.remove();
    },
  };
}
