import { randomUUID } from 'node:crypto';
import {
  type Dialect,
  type Job,
  type JobOrigin,
  type JobRef,
  sealUpload,
  uploadKey,
  versionOf,
} from '@rollcall/contracts';
import { createDeparture, type Departure } from './departure.js';
import { fingerprintOf, type IdempotencyKeys, type IdempotencyRecord } from './idempotency.js';
import type { Journal } from './journal.js';
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
  readonly journal: Journal;
  readonly idempotencyKeys: IdempotencyKeys;
  /** How long a job may wait for a worker before it ends as expired. */
  readonly jobDeadlineMs: number;
  /** Milliseconds since the epoch, by the clock that all machines share. */
  readonly now: () => number;
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** What a caller wants done; the rest of a job is made here. */
export type Order = DistributiveOmit<
  Job,
  'callbackUrl' | 'version' | 'id' | 'requestId' | 'dialect' | 'origin' | 'submittedAt' | 'deadline' | 'imageKeys'
>;

export interface Submission {
  readonly order: Order;
  readonly images: readonly Uint8Array[];
  readonly requestId: string;
  readonly dialect: Dialect;
  readonly origin: JobOrigin;
  /** Of the client; for the audit log only. */
  readonly address: string;
  readonly waitMs: number;
  /** Lets others go first. */
  readonly background: boolean;
  readonly idempotencyKey?: string | undefined;
  /** Checked. */
  readonly callbackUrl?: string | undefined;
  readonly departure?: Departure | undefined;
}

/** The photos are stored and the job is recorded. */
export interface Submitted {
  readonly job: JobRef;
  /** True when the job is that of an earlier request with the same key. */
  readonly replayed: boolean;
  /** The job's end; undefined when it was still running when the wait was over. */
  readonly ended: Promise<JobEnd | undefined>;
}

/** The key was used for another request. */
export class IdempotencyKeyReusedError extends Error {
  override readonly name = 'IdempotencyKeyReusedError';
}

/** The request was carried out, and its result is not kept any more. */
export class ResultGoneError extends Error {
  override readonly name = 'ResultGoneError';
}

/**
 * Stores the photos, records the job, and begins to wait for its end. Nothing holds the photos once it has resolved: thousands
 * may wait.
 *
 * @throws {QueueUnavailableError} and the store's errors; then no photo is kept.
 * @throws {IdempotencyKeyReusedError} and {@link ResultGoneError}.
 */
export type Submit = (submission: Submission) => Promise<Submitted>;

export function createSubmit(options: SubmitOptions): Submit {
  const { uploads, queue, waiters, journal, idempotencyKeys, jobDeadlineMs, now } = options;

  /** With an idempotency key another request may be recording the same job, so that nothing of it is removed. */
  async function record(job: Job, { images, background, address, idempotencyKey }: Submission): Promise<void> {
    try {
      await Promise.all(
        images.map((image, index) =>
          uploads.put(job.imageKeys[index] ?? '', index === 0 ? sealUpload(image, job) : image),
        ),
      );
      await queue.add(job, { background });
    } catch (error) {
      // Should the job have been recorded after all, it fails for want of its photo; nobody was promised an answer.
      // Not waited for: the store may be what does not answer.
      if (idempotencyKey === undefined) uploads.delete(job.imageKeys).catch(() => undefined);
      throw error;
    }
    await journal.accepted(job, address);
  }

  function jobOf({ order, images, requestId, dialect, origin, callbackUrl }: Submission, id: string): Job {
    const submittedAt = now();
    return {
      ...order,
      version: versionOf(order.kind),
      id,
      requestId,
      dialect,
      origin,
      submittedAt,
      deadline: submittedAt + jobDeadlineMs,
      imageKeys: images.map((_, index) => uploadKey(index === 0 ? id : `${id}.${index + 1}`)),
      ...(callbackUrl !== undefined && { callbackUrl }),
    };
  }

  async function submitAs(id: string, submission: Submission): Promise<Submitted> {
    const job = jobOf(submission, id);
    const { waitMs } = submission;
    if (waitMs === 0) {
      await record(job, submission);
      return { job, replayed: false, ended: Promise.resolve(undefined) };
    }
    // Waiting begins before the job exists, so that its end cannot come too early to be heard.
    const departure = createDeparture(submission.departure);
    const ended = waiters.wait(id, { timeoutMs: waitMs, departure });
    try {
      await record(job, submission);
    } catch (error) {
      departure.leave();
      throw error;
    }
    return { job, replayed: false, ended };
  }

  /** The job that an earlier request has recorded under the same key; undefined when there is none. */
  async function replay(
    { jobId }: IdempotencyRecord,
    { waitMs, departure }: Submission,
  ): Promise<Submitted | undefined> {
    const known = await queue.find(jobId);
    if (!known) return undefined;
    const ended =
      known.end || waitMs === 0 ? Promise.resolve(known.end) : waiters.wait(jobId, { timeoutMs: waitMs, departure });
    return { job: known.job, replayed: true, ended };
  }

  return async (submission) => {
    if (!queue.available()) throw new QueueUnavailableError('not connected to Redis');
    const { idempotencyKey, origin, order, callbackUrl, images } = submission;
    const id = randomUUID();
    if (idempotencyKey === undefined) return submitAs(id, submission);

    const key = { owner: origin.tokenId ?? '', key: idempotencyKey };
    const fingerprint = fingerprintOf({ ...order, callbackUrl }, images);
    const record = await idempotencyKeys.claim(key, { jobId: id, fingerprint }).catch((error: unknown) => {
      throw new QueueUnavailableError('Redis did not carry out a command', { cause: error });
    });
    if (record.fingerprint !== fingerprint) throw new IdempotencyKeyReusedError('the key was used for another request');
    // The note that it is recorded may be missing; its end, also that it was cancelled, stands.
    const replayed = record.jobId === id ? undefined : await replay(record, submission);
    if (replayed) {
      if (!record.recorded) await idempotencyKeys.recorded(key, record).catch(() => undefined);
      return replayed;
    }
    if (record.recorded) throw new ResultGoneError('the result is no longer kept');
    // Whoever claimed the key may be at work, or dead. The same job added twice is one job, so there is no need to know.
    const submitted = await submitAs(record.jobId, submission);
    await idempotencyKeys.recorded(key, record).catch(() => undefined);
    return submitted;
  };
}
