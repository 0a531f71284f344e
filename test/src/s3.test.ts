import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BlobStore, createBlobStore, loadConfig } from '@rollcall/platform';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enrolmentSuite } from './suites/enrolment.suite.js';
import { verificationSuite } from './suites/verification.suite.js';
import { form, get, photo, photoPath, post } from './support/client.js';
import { isMinioMissing, type MinioServer, startMinio } from './support/minio.js';
import { untilQueued } from './support/network-stage.js';
import { type RedisServer, startRedis } from './support/redis.js';
import { type RollcallProcess, type System, startSystem, startWorker, temporaryFolder } from './support/rollcall.js';
import { runNode } from './support/run.js';
import { until } from './support/until.js';

const CLIENTS = 1_000;

// Several machines in little: an external Redis, an S3 server, one API and two separate workers.
describe.skipIf(isMinioMissing())('Redis and S3', () => {
  const folder = temporaryFolder();
  let redis: RedisServer;
  let minio: MinioServer;
  let store: BlobStore;
  let api: System;
  let workers: RollcallProcess[] = [];
  let settings: Record<string, string>;

  beforeAll(async () => {
    [redis, minio] = await Promise.all([startRedis(), startMinio()]);
    settings = {
      DATA_DIR: folder.path,
      REDIS_URL: redis.url,
      MINIO_ENDPOINT: `${minio.endPoint}:${minio.port}`,
      MINIO_ACCESS_KEY: minio.accessKey,
      MINIO_SECRET_KEY: minio.secretKey,
      MINIO_BUCKET: 'rollcall-test',
      SYNC_TIMEOUT_MS: '60000',
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

  let client: Redis | undefined;
  enrolmentSuite('employees of an API and two workers', () => ({
    system: api,
    store,
    lines: () => [],
    redis: () => (client ??= new Redis(redis.url)),
  }));

  it('is filled by the import', async () => {
    const source = join(folder.path, 'source');
    mkdirSync(join(source, 'imported'), { recursive: true });
    copyFileSync(photoPath('person_a_1.jpg'), join(source, 'imported/face_1.jpg'));
    const script = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));
    expect(await runNode(script, ['import', source], settings)).toMatchObject({ code: 0, stderr: '' });
    const answer = await post(`${api.url}/recognize_face`, form('imported', await photo('person_a_2.jpg')));
    expect(answer).toMatchObject({ status: 200 });
  });

  it('answers 1,000 clients that wait at once', async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()));
    // One that has not seen yet how fast workers are, and does not while none is there: it refuses nobody.
    const fresh = await startSystem('api', settings);
    const image = await photo('person_a_1.jpg');
    const waiting = Array.from({ length: CLIENTS }, (_, index) =>
      post(`${fresh.url}/recognize_face`, form(`nobody ${index}`, image)),
    );
    await untilQueued(redis.url, CLIENTS);
    workers.push(await startWorker(settings));
    for (const { status, body } of await Promise.all(waiting)) {
      // Whom the machine could not answer in time has a job to ask for.
      const told = status === 202 ? await ended(`${fresh.url}${body.status_url}`) : status;
      expect(told).toBe(404);
    }
    expect(fresh.output()).not.toContain('MaxListeners');
    await fresh.stop();
  }, 240_000);
});

/** The status that the synchronous call would have had. */
async function ended(statusUrl: string): Promise<number> {
  const job = () => get(`${statusUrl}?wait=30`);
  return until('the job has ended', async () => (await job()).body.response?.status as number | undefined, 120_000);
}
