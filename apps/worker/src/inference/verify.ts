import type { Reason, VerificationJob, VerificationOutcome } from '@rollcall/contracts';
import { nearestReference, type PhotoAnalyser, type PhotoAnalysis, type StageTimes } from '@rollcall/face-core';
import { facialArea, type Gallery, type Reference } from '@rollcall/gallery';

/** Where probe photos wait for their job. */
export interface UploadSource {
  get(key: string): Promise<{ bytes: Uint8Array } | undefined>;
}

export interface VerifyOptions {
  readonly uploads: UploadSource;
  readonly gallery: Gallery;
  readonly analyser: PhotoAnalyser;
  /** Cosine distance up to which a face is the employee's. */
  readonly matchDistanceThreshold: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Verification {
  readonly outcome: VerificationOutcome;
  /** Milliseconds by stage, for the log. */
  readonly times?: StageTimes;
}

/** The photo of an accepted job is gone, so that no retry can help. */
export class UploadMissingError extends Error {
  override readonly name = 'UploadMissingError';
}

/**
 * A probe whose face is narrower than this rarely matches even the right person (a quarter is rejected at 20 px), so the
 * reason given is the size.
 */
const SMALL_FACE_WIDTH = 20;

/** The job → its outcome. Idempotent: the same job may run more than once. */
export type Verify = (job: VerificationJob) => Promise<Verification>;

export function createVerify({ uploads, gallery, analyser, matchDistanceThreshold, now }: VerifyOptions): Verify {
  function decide(analysis: PhotoAnalysis, references: readonly Reference[], startedAt: number): VerificationOutcome {
    const face = analysis.kind === 'face' ? analysis.face : undefined;
    const nearest = face && nearestReference(face.embedding, references);
    const verified = nearest !== undefined && nearest.distance <= matchDistanceThreshold;
    return {
      kind: 'decided',
      reason: verified ? null : reasonOf(analysis),
      reference: nearest?.reference.photo ?? null,
      result: {
        verified,
        distance: nearest ? roundTo(nearest.distance, 6) : null,
        threshold: matchDistanceThreshold,
        model: 'SFace',
        detector_backend: 'yunet',
        similarity_metric: 'cosine',
        facial_areas: { img1: face ? facialArea(face) : null, img2: nearest?.reference.area ?? null },
        time: roundTo((now() - startedAt) / 1000, 3),
      },
    };
  }

  return async (job) => {
    const startedAt = now();
    if (startedAt > job.deadline) return { outcome: { kind: 'expired' } };
    const [upload, folder] = await Promise.all([uploads.get(job.imageKey), gallery.open(job.employeeId)]);
    if (!folder.exists) return { outcome: { kind: 'refused', code: 'employee_not_found' } };
    if (folder.photos.length === 0) return { outcome: { kind: 'refused', code: 'reference_not_found' } };
    if (!upload) throw new UploadMissingError('the uploaded photo is gone');
    const [analysis, references] = await Promise.all([analyser.analyse(upload.bytes), gallery.references(folder)]);
    const { times } = analysis;
    if (references.length === 0) return { outcome: { kind: 'refused', code: 'reference_unusable' }, times };
    return { outcome: decide(analysis, references, startedAt), times };
  };
}

function reasonOf(analysis: PhotoAnalysis): Reason {
  if (analysis.kind === 'unreadable') return 'unreadable_image';
  if (analysis.kind === 'no_face') return 'no_face';
  return analysis.face.box.w < SMALL_FACE_WIDTH ? 'face_too_small' : 'not_matched';
}

function roundTo(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
