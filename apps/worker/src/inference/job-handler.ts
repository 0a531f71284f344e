import {
  type AssessmentJob,
  type ComparisonJob,
  type EnrolmentJob,
  type IdentificationJob,
  type Job,
  type Outcome,
  openUpload,
  type VerificationJob,
} from '@rollcall/contracts';
import type { StageTimes } from '@rollcall/face-core';

/** Where uploaded photos wait for their job. */
export interface UploadSource {
  get(key: string): Promise<{ bytes: Uint8Array } | undefined>;
}

export interface Handled {
  readonly outcome: Outcome;
  /** Milliseconds by stage, for the log. */
  readonly times?: StageTimes;
}

/** The job's photos, in order, once they have been fetched. */
export type LoadPhotos = () => Promise<Uint8Array[]>;

/** What is done for each kind of job. */
export interface UseCases {
  verify(job: VerificationJob, photos: LoadPhotos): Promise<Handled>;
  enrol(job: EnrolmentJob, photos: LoadPhotos): Promise<Handled>;
  compare(job: ComparisonJob, photos: LoadPhotos): Promise<Handled>;
  identify(job: IdentificationJob, photos: LoadPhotos): Promise<Handled>;
  assess(job: AssessmentJob, photos: LoadPhotos): Promise<Handled>;
}

/** A photo of an accepted job is gone, so that no retry can help. */
export class UploadMissingError extends Error {
  override readonly name = 'UploadMissingError';
}

export interface JobHandlerOptions {
  readonly uploads: UploadSource;
  readonly useCases: UseCases;
  /** Milliseconds since the epoch, by the clock that all machines share. */
  readonly now: () => number;
}

/** The job → its outcome. Idempotent: the same job may run more than once. */
export type HandleJob = (job: Job) => Promise<Handled>;

export function createJobHandler({ uploads, useCases, now }: JobHandlerOptions): HandleJob {
  return async (job) => {
    if (now() > job.deadline) return { outcome: { kind: 'expired' } };
    const photos: LoadPhotos = () =>
      Promise.all(
        job.imageKeys.map(async (key) => {
          const upload = await uploads.get(key);
          if (!upload) throw new UploadMissingError('an uploaded photo is gone');
          return openUpload(upload.bytes).photo;
        }),
      );
    switch (job.kind) {
      case 'verify':
        return useCases.verify(job, photos);
      case 'enrol':
        return useCases.enrol(job, photos);
      case 'compare':
        return useCases.compare(job, photos);
      case 'identify':
        return useCases.identify(job, photos);
      case 'assess':
        return useCases.assess(job, photos);
    }
  };
}
