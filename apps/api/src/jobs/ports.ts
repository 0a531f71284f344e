import type { JobStatus, VerificationJob, VerificationOutcome } from '@rollcall/contracts';

/** How a job ended. `failed` means that it could not be carried out; everything a worker decided is an outcome. */
export type JobEnd = { readonly kind: 'outcome'; readonly outcome: VerificationOutcome } | { readonly kind: 'failed' };

/** A job as the queue knows it. */
export interface KnownJob {
  readonly job: VerificationJob;
  readonly status: JobStatus;
  /** Present once the job has ended. */
  readonly end?: JobEnd;
}

/** The queue, as the use cases see it. Methods reject with {@link QueueUnavailableError} when Redis does not answer. */
export interface JobQueue {
  /** False while it is certain that a job could not be added. */
  available(): boolean;
  /** Resolves when the job is recorded. */
  add(job: VerificationJob): Promise<void>;
  find(id: string): Promise<KnownJob | undefined>;
}

/** Where the ends of jobs come from, besides events: asked about every waiting job until it has ended. */
export interface EndedJobs {
  /** Of the given jobs, those that have ended. */
  findEnded(ids: readonly string[]): Promise<ReadonlyMap<string, JobEnd>>;
}

export class QueueUnavailableError extends Error {
  override readonly name = 'QueueUnavailableError';
}
