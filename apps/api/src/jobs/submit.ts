import { randomUUID } from 'node:crypto';
import { type Dialect, uploadKey, VERIFICATION_JOB_VERSION, type VerificationJob } from '@rollcall/contracts';
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

export interface Submission {
  readonly requestId: string;
  readonly employeeId: string;
  readonly image: Uint8Array;
  readonly dialect: Dialect;
  readonly waitMs: number;
  /** Aborted when the client has left. */
  readonly signal?: AbortSignal | undefined;
}

export interface Submitted {
  readonly job: VerificationJob;
  /** Undefined when the job was still running when the wait was over. */
  readonly end: JobEnd | undefined;
}

/**
 * Stores the photo, records the job, waits for its end. Once it resolves, the photo is stored and the job recorded.
 *
 * @throws {QueueUnavailableError} and the store's errors; then no photo is kept.
 */
export type Submit = (submission: Submission) => Promise<Submitted>;

export function createSubmit({ uploads, queue, waiters, jobDeadlineMs }: SubmitOptions): Submit {
  return async ({ requestId, employeeId, image, dialect, waitMs, signal }) => {
    if (!queue.available()) throw new QueueUnavailableError('not connected to Redis');
    const id = randomUUID();
    const submittedAt = Date.now();
    const job: VerificationJob = {
      version: VERIFICATION_JOB_VERSION,
      id,
      requestId,
      employeeId,
      imageKey: uploadKey(id),
      dialect,
      submittedAt,
      deadline: submittedAt + jobDeadlineMs,
    };
    await uploads.put(job.imageKey, image);
    if (waitMs === 0) {
      await record(job);
      return { job, end: undefined };
    }
    // Waiting begins before the job exists, so that its end cannot come too early to be heard.
    const leave = new AbortController();
    const end = waiters.wait(id, {
      timeoutMs: waitMs,
      signal: signal ? AbortSignal.any([signal, leave.signal]) : leave.signal,
    });
    await record(job).catch((error: unknown) => {
      leave.abort();
      throw error;
    });
    return { job, end: await end };
  };

  async function record(job: VerificationJob): Promise<void> {
    try {
      await queue.add(job);
    } catch (error) {
      // Should the job have been recorded after all, it fails for want of its photo; nobody was promised an answer.
      await uploads.delete([job.imageKey]).catch(() => undefined);
      throw error;
    }
  }
}
