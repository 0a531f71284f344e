import type { Job, JobRef, JobStatus, Outcome } from '@rollcall/contracts';

/**
 * How a job ended. Everything a worker decided is an outcome; `failed` means that it could not be carried out, `removed`
 * that its employee was erased meanwhile, `cancelled` that it was taken back before it began.
 */
export type JobEnd =
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | { readonly kind: 'failed' }
  | { readonly kind: 'removed' }
  | { readonly kind: 'cancelled' };

/** A job as the queue knows it. */
export interface KnownJob {
  readonly job: JobRef;
  readonly status: JobStatus;
  /** While it is queued: how many are before it, unless they are too many to be counted. */
  readonly position?: number | undefined;
  /** Whether it lets others go first. */
  readonly background?: boolean;
  /** Present once the job has ended. */
  readonly end?: JobEnd;
}

/** The queue, as the use cases see it. Methods reject with {@link QueueUnavailableError} when Redis does not answer. */
export interface JobQueue {
  /** False while it is certain that a job could not be added. */
  available(): boolean;
  /** Resolves when the job is recorded; at once when one with its id already is. */
  add(job: Job, options: { readonly background: boolean }): Promise<void>;
  find(id: string): Promise<KnownJob | undefined>;
  /** Ends the job as cancelled unless it has begun. @returns whether it did. */
  cancel(job: JobRef): Promise<boolean>;
}

/** Where the ends of jobs come from, besides events: asked about every waiting job until it has ended. */
export interface EndedJobs {
  /** Of the given jobs, those that have ended. */
  findEnded(ids: readonly string[]): Promise<ReadonlyMap<string, JobEnd>>;
}

/** Removal of everything the queue knows about a person. */
export interface PersonalJobs {
  /**
   * Removes every job that is about the employee or names them in its outcome, and its events. Running ones are waited for.
   * @returns how many, and the keys of uploads that no job will remove any more.
   */
  eraseJobsOf(employeeId: string): Promise<{ readonly jobs: number; readonly uploadKeys: readonly string[] }>;
}

/** A running job keeps an erasure from being complete; asking again completes it. */
export class ErasureIncompleteError extends Error {
  override readonly name = 'ErasureIncompleteError';
}

export class QueueUnavailableError extends Error {
  override readonly name = 'QueueUnavailableError';
}
