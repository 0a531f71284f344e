import { openUpload, UPLOADS_PREFIX, uploadKey } from '@rollcall/contracts';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { BlobStore } from '../blob-store/blob-store.js';
import type { AddJob } from '../callbacks/add-job.js';
import { jobOptions } from '../job-options.js';
import { encodeTombstone, readTombstones, tombstoneKey } from '../tombstones.js';

export interface ReconcileOptions {
  readonly store: Pick<BlobStore, 'list' | 'get' | 'delete'>;
  readonly queue: Queue;
  readonly addJob: AddJob;
  readonly redis: Redis;
  readonly resultTtlSeconds: number;
  /** Milliseconds since the epoch, by the clock that all machines share. */
  readonly now: () => number;
}

/**
 * Younger uploads are left alone: their job may be about to be recorded, or have just ended. The age of an object is told by
 * two machines' clocks, that of a job by Redis' alone.
 */
const MIN_AGE_MS = 30_000;

const BATCH = 500;

/**
 * Compares the uploads with the queue, which may have lost jobs with its host: a job that is missing is added again, or ends
 * as expired when it is too late for it. The photo of a job that has ended is removed. What is no whole job of a version that
 * this one understands is left alone, for it may be about to become one. Any number may do so at once: a job added twice is
 * one job.
 */
export async function reconcileUploads(options: ReconcileOptions): Promise<{ readded: number; expired: number }> {
  const { store, queue, redis } = options;
  const oldest = Date.now() - MIN_AGE_MS;
  const keysOfJob = new Map<string, string[]>();
  for (const { key, modifiedAt } of await store.list(UPLOADS_PREFIX)) {
    const [id = ''] = key.slice(UPLOADS_PREFIX.length).split('.');
    if (id !== '' && modifiedAt < oldest) keysOfJob.set(id, [...(keysOfJob.get(id) ?? []), key]);
  }
  const counts = { readded: 0, expired: 0, left: 0 };
  const ids = [...keysOfJob.keys()];
  for (let start = 0; start < ids.length; start += BATCH) {
    const batch = ids.slice(start, start + BATCH);
    const { missing, over } = await compare(queue, redis, batch);
    await store.delete(over.flatMap((id) => keysOfJob.get(id) ?? []));
    for (const id of missing) counts[await restore(id, keysOfJob.get(id) ?? [], options)]++;
  }
  return counts;
}

/** Which of the jobs the queue does not know, and which have ended. */
async function compare(queue: Queue, redis: Redis, ids: readonly string[]) {
  const [known, completed, failed, buried] = await Promise.all([
    Promise.all(ids.map((id) => redis.exists(queue.toKey(id)))),
    redis.zmscore(queue.toKey('completed'), ...ids),
    redis.zmscore(queue.toKey('failed'), ...ids),
    readTombstones(redis, ids),
  ]);
  const over = ids.filter((id, index) => completed[index] !== null || failed[index] !== null || buried.has(id));
  return { missing: ids.filter((id, index) => known[index] === 0 && !over.includes(id)), over };
}

async function restore(
  id: string,
  keys: readonly string[],
  { store, addJob, redis, resultTtlSeconds, now }: ReconcileOptions,
): Promise<'readded' | 'expired' | 'left'> {
  const upload = await store.get(uploadKey(id));
  const job = upload && openUpload(upload.bytes).job;
  if (job?.id !== id || now() - job.submittedAt < MIN_AGE_MS) return 'left';
  if (job.deadline > now()) {
    if (!job.imageKeys.every((key) => keys.includes(key))) return 'left';
    // Nobody is known to wait for it.
    await addJob(job, jobOptions(job, { background: true, resultTtlSeconds }));
    return 'readded';
  }
  await redis.set(tombstoneKey(id), encodeTombstone('expired', job), 'EX', resultTtlSeconds, 'NX');
  await store.delete(keys);
  return 'expired';
}
