import { type BlobStore, createBlobStore, loadConfig } from '@rollcall/platform';
import { afterAll, beforeAll, describe } from 'vitest';
import { verificationSuite } from './suites/verification.suite.js';
import { isMinioMissing, type MinioServer, startMinio } from './support/minio.js';
import { type RedisServer, startRedis } from './support/redis.js';
import { type RollcallProcess, type System, startSystem, startWorker, temporaryFolder } from './support/rollcall.js';

// Several machines in little: an external Redis, an S3 server, one API and two separate workers.
describe.skipIf(isMinioMissing())('Redis and S3', () => {
  const folder = temporaryFolder();
  let redis: RedisServer;
  let minio: MinioServer;
  let store: BlobStore;
  let api: System;
  let workers: RollcallProcess[] = [];

  beforeAll(async () => {
    [redis, minio] = await Promise.all([startRedis(), startMinio()]);
    const settings = {
      DATA_DIR: folder.path,
      REDIS_URL: redis.url,
      MINIO_ENDPOINT: `${minio.endPoint}:${minio.port}`,
      MINIO_ACCESS_KEY: minio.accessKey,
      MINIO_SECRET_KEY: minio.secretKey,
      MINIO_BUCKET: 'rollcall-test',
      WORKER_PROCESSES: '1',
    };
    store = createBlobStore(loadConfig(settings));
    await store.check();
    [api, ...workers] = await Promise.all([startSystem('api', settings), startWorker(settings), startWorker(settings)]);
  });
  afterAll(async () => {
    await api?.stop();
    for (const worker of workers) await worker.stop();
    store?.close();
    await redis?.stop();
    await minio?.stop();
    folder.remove();
  });

  verificationSuite('API and two workers', () => ({
    system: api,
    store,
    lines: () => [api, ...workers].flatMap(({ lines }) => [...lines]),
  }));
});
