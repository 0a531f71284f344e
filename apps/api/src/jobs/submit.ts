import { randomUUID } from 'node:crypto';
import { type Dialect, JOB_VERSION, type Job, uploadKey } from '@rollcall/contracts';
import { type JobEnd, type JobQueue, QueueUnavailableError } from './ports.js';
import type { Waiters } from './waiters.js';

/** Where an uploaded photo waits for its job. */
export interface UploadStore {
  put(key: string, bytes: Uint8Array): Promise<unknown>;
  delete(keys: readonly string[]): Promise<void>;
}

export interface SubmitOptions {
  readonly uploads: UploadStore;
  readonly queue: JobQueue;
  readonly waiters: Waiters;
  /** How long a job may wait for a worker before it ends as expired. */
  readonly jobDeadlineMs: number;
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** What a caller wants done; the rest of a job is made here. */
export type Order = DistributiveOmit<
  Job,
  'version' | 'id' | 'requestId' | 'dialect' | 'submittedAt' | 'deadline' | 'imageKeys'
>;

export interface Submission {
  readonly order: Order;
  readonly images: readonly Uint8Array[];
  readonly requestId: string;
  readonly dialect: Dialect;
  readonly waitMs: number;
  /** Aborted when the client has left. */
  readonly signal?: AbortSignal | undefined;
}

export interface Submitted {
  readonly job: Job;
  /** Undefined when the job was still running when the wait was over. */
  readonly end: JobEnd | undefined;
}

/**
 * Stores the photos, records the job, waits for its end. Once it resolves, the photos are stored and the job recorded.
 *
 * @throws {QueueUnavailableError} and the store's errors; then no photo is kept.
 */
export type Submit = (submission: Submission) => Promise<Submitted>;

export function createSubmit({ uploads, queue, waiters, jobDeadlineMs }: SubmitOptions): Submit {
  async function record(job: Job, images: readonly Uint8Array[]): Promise<void> {
    try {
      await Promise.all(images.map((image, index) => uploads.put(job.imageKeys[index] ?? '', image)));
      await queue.add(job);
    } catch (error) {
      // Should the job have been recorded after all, it fails for want of its photo; nobody was promised an answer.
      await uploads.delete(job.imageKeys).catch(() => undefined);
      throw error;
    }
  }

  return async ({ order, images, requestId, dialect, waitMs, signal }) => {
    if (!queue.available()) throw new QueueUnavailableError('not connected to Redis');
    const id = randomUUID();
    const submittedAt = Date.now();
    const job: Job = {
      ...order,
      version: JOB_VERSION,
      id,
      requestId,
      dialect,
      submittedAt,
      deadline: submittedAt + jobDeadlineMs,
      imageKeys: images.map((_, index) => uploadKey(index === 0 ? id : `${id}.${index + 1}`)),
    };
    if (waitMs === 0) {
      await record(job, images);
      return { job, end: undefined };
    }
    // Waiting begins before the job exists, so that its end cannot come too early to be heard.
    const leave = new AbortController();
    const either = signal ? AbortSignal.any([signal, leave.signal]) : leave.signal;
    const end = waiters.wait(id, { timeoutMs: waitMs, signal: either });
    try {
      await record(job, images);
    } catch (error) {
      leave.abort();
      throw error;
    }
    return { job, end: await end };
  };
}
