import { BACKGROUND_PRIORITY, type Job } from '@rollcall/contracts';
import type { JobsOptions } from 'bullmq';

/** Whether and when a job that failed is tried again, the worker decides, by the cause; this is only its bound. */
const MAX_ATTEMPTS = 1_000;

/** A bound on what results may occupy in Redis, about 1.5 KB each, in case RESULT_TTL_SECONDS alone is no bound. */
const MAX_KEPT_JOBS = 100_000;

/** How every job is added to the queue, by whoever adds it. A job that may wait lets those without a priority go first. */
export function jobOptions(
  { id }: Pick<Job, 'id'>,
  { background, resultTtlSeconds }: { readonly background: boolean; readonly resultTtlSeconds: number },
): JobsOptions {
  const kept = { age: resultTtlSeconds, count: MAX_KEPT_JOBS };
  return {
    jobId: id,
    attempts: MAX_ATTEMPTS,
    backoff: { type: 'by cause' },
    removeOnComplete: kept,
    removeOnFail: kept,
    stackTraceLimit: 0,
    ...(background && { priority: BACKGROUND_PRIORITY }),
  };
}
