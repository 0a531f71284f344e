import { randomUUID } from 'node:crypto';
import { JOB_VERSION, type Job, QUEUE_NAME, sealUpload, uploadKey } from '@rollcall/contracts';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type RedisServer, startRedis } from '../../../../test/src/support/redis.js';
import { temporaryFolder } from '../../../../test/src/support/rollcall.js';
import type { BlobStore } from '../blob-store/blob-store.js';
import { createAddJob } from '../callbacks/add-job.js';
import { jobOptions } from '../job-options.js';
import { asBullConnection, connectForRequests } from '../redis.js';
import { createBlobStore } from '../store.js';
import { encodeTombstone, readTombstones, tombstoneKey } from '../tombstones.js';
import { reconcileUploads } from './reconcile.js';

const DEADLINE_MS = 300_000;
/** When an upload is old enough to be looked at. */
const LATER_MS = 31_000;
const PHOTO = Buffer.from('a photo');

const folder = temporaryFolder();
let server: RedisServer;
let redis: Redis;
let queue: Queue;
let store: BlobStore;
beforeAll(async () => {
  store = createBlobStore({ s3: undefined, dataDir: folder.path });
  server = await startRedis();
  redis = connectForRequests(server.url);
  redis.on('error', () => undefined);
  await new Promise((resolve) => redis.once('ready', resolve));
  queue = new Queue(QUEUE_NAME, { connection: asBullConnection(redis) });
});
beforeEach(async () => {
  await redis.flushall();
  await store.delete((await store.list('uploads/')).map(({ key }) => key));
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  folder.remove();
});

function enrolment(photos: number, submittedAt = Date.now()): Job {
  const id = randomUUID();
  return {
    version: 2,
    id,
    requestId: 'r',
    kind: 'enrol',
    employeeId: '7',
    force: false,
    dialect: 'v1',
    origin: { tokenId: null, gate: null },
    submittedAt,
    deadline: submittedAt + DEADLINE_MS,
    imageKeys: Array.from({ length: photos }, (_, index) => uploadKey(index === 0 ? id : `${id}.${index + 1}`)),
  };
}

/** Stores the photos of a job, or some of them. */
async function upload(job: Job, keys: readonly string[] = job.imageKeys): Promise<void> {
  for (const key of keys) await store.put(key, key === uploadKey(job.id) ? sealUpload(PHOTO, job) : PHOTO);
}

/** Reconciles at a moment by the shared clock, on a machine whose own clock is off. */
function reconcile({ atMs = Date.now() + LATER_MS, machineOffMs = 0 } = {}) {
  vi.spyOn(Date, 'now').mockReturnValue(atMs + machineOffMs);
  const addJob = createAddJob(queue, redis);
  return reconcileUploads({ store, queue, addJob, redis, resultTtlSeconds: 60, now: () => atMs });
}

const uploads = async () => (await store.list('uploads/')).map(({ key }) => key).sort();

it('adds a job that Redis has lost again, once', async () => {
  const job = enrolment(2);
  await upload(job);
  expect(await reconcile()).toMatchObject({ readded: 1, expired: 0 });
  expect(await reconcile()).toMatchObject({ readded: 0, expired: 0 });
  expect((await queue.getJob(job.id))?.data).toEqual(job);
  expect(await uploads()).toEqual([...job.imageKeys].sort());
});

it('ends a job as expired for which it is too late, whole or not, with its photos', async () => {
  const [whole, half] = [enrolment(2), enrolment(3)];
  await upload(whole);
  await upload(half, half.imageKeys.slice(0, 2));
  const late = Date.now() + DEADLINE_MS + 1;
  expect(await reconcile({ atMs: late })).toMatchObject({ readded: 0, expired: 2 });
  const found = await readTombstones(redis, [whole.id, half.id]);
  expect([...found.values()].map(({ end }) => end)).toEqual(['expired', 'expired']);
  expect(await uploads()).toEqual([]);
});

it('leaves a job alone whose photos are still being stored', async () => {
  const [first, second] = [enrolment(2), enrolment(2)];
  await upload(first, first.imageKeys.slice(0, 1));
  await upload(second, second.imageKeys.slice(1));
  expect(await reconcile()).toMatchObject({ readded: 0, expired: 0 });
  expect((await readTombstones(redis, [first.id, second.id])).size).toBe(0);
  expect(await uploads()).toHaveLength(2);
});

it('leaves a young job alone though the machine’s clock is ahead', async () => {
  const job = enrolment(1);
  await upload(job);
  expect(await reconcile({ atMs: Date.now() + 1_000, machineOffMs: LATER_MS })).toMatchObject({
    readded: 0,
    expired: 0,
  });
  expect(await queue.getJob(job.id)).toBeUndefined();
  expect(await uploads()).toEqual(job.imageKeys);
});

it('leaves the photo of a newer version alone', async () => {
  const job = enrolment(1);
  await upload({ ...job, version: JOB_VERSION + 1 } as Job);
  expect(await reconcile()).toMatchObject({ readded: 0, expired: 0 });
  expect(await uploads()).toEqual(job.imageKeys);
});

it('removes the photos of a job that has ended, and brings back none that was cancelled', async () => {
  const [cancelled, waiting] = [enrolment(2), enrolment(1)];
  await upload(cancelled);
  await upload(waiting);
  await redis.set(tombstoneKey(cancelled.id), encodeTombstone('cancelled', cancelled));
  await queue.add(waiting.kind, waiting, jobOptions(waiting, { background: false, resultTtlSeconds: 60 }));
  expect(await reconcile()).toMatchObject({ readded: 0, expired: 0 });
  expect(await uploads()).toEqual(waiting.imageKeys);
});
