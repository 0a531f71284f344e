import type { JobRef } from '@rollcall/contracts';
import type { JobQueue } from './ports.js';
import type { UploadStore } from './submit.js';

/** Takes a job back unless it has begun, with its photos. @returns whether it was taken back. */
export type Cancel = (job: JobRef) => Promise<boolean>;

export function createCancel(queue: Pick<JobQueue, 'cancel'>, uploads: Pick<UploadStore, 'delete'>): Cancel {
  return async (job) => {
    if (!(await queue.cancel(job))) return false;
    // What cannot be removed now goes with the next sweep.
    await uploads.delete(job.imageKeys ?? []).catch(() => undefined);
    return true;
  };
}
