import type { Outcome } from '@rollcall/contracts';
import { type PhotoAnalyser, type PhotoAnalysis, rankReferences } from '@rollcall/face-core';
import type { Gallery, QualityLimits, Reference } from '@rollcall/gallery';
import type { UseCases } from './job-handler.js';
import { areaOf, embeddingOf, mismatchReason, probeQuality, roundDistance, secondsSince } from './probe.js';

export interface VerifyOptions {
  readonly gallery: Gallery;
  readonly analyser: PhotoAnalyser;
  readonly qualityLimits: QualityLimits;
  /** Cosine distance up to which a face is the employee's. */
  readonly matchDistanceThreshold: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** 1:1: the probe against every reference of one employee; the best decides. */
export function createVerify(options: VerifyOptions): UseCases['verify'] {
  const { gallery, analyser, qualityLimits, matchDistanceThreshold, now } = options;

  function decide(analysis: PhotoAnalysis, references: readonly Reference[], startedAt: number): Outcome {
    const probe = embeddingOf(analysis);
    const ranked = probe ? rankReferences(probe, references) : [];
    const [nearest] = ranked;
    const verified = nearest !== undefined && nearest.distance <= matchDistanceThreshold;
    return {
      kind: 'decided',
      reason: verified ? null : mismatchReason(analysis),
      reference: nearest?.reference.photo ?? null,
      references: ranked.map(({ reference, distance }) => ({
        photo: reference.photo,
        distance: roundDistance(distance),
      })),
      quality: probeQuality(analysis, qualityLimits),
      result: {
        verified,
        distance: nearest ? roundDistance(nearest.distance) : null,
        threshold: matchDistanceThreshold,
        model: 'SFace',
        detector_backend: 'yunet',
        similarity_metric: 'cosine',
        facial_areas: { img1: areaOf(analysis), img2: nearest?.reference.area ?? null },
        time: secondsSince(startedAt, now()),
      },
    };
  }

  return async (job, photos) => {
    const startedAt = now();
    const [folder, uploads] = await Promise.allSettled([gallery.open(job.employeeId), photos()]);
    if (folder.status === 'rejected') throw folder.reason;
    if (!folder.value.exists) return { outcome: { kind: 'refused', code: 'employee_not_found' } };
    if (folder.value.photos.length === 0) return { outcome: { kind: 'refused', code: 'reference_not_found' } };
    if (uploads.status === 'rejected') throw uploads.reason;
    const [probe] = uploads.value;
    const [analysis, references] = await Promise.all([
      analyser.analyse(probe as Uint8Array),
      gallery.references(folder.value),
    ]);
    const { times } = analysis;
    if (references.length === 0) return { outcome: { kind: 'refused', code: 'reference_unusable' }, times };
    return { outcome: decide(analysis, references, startedAt), times };
  };
}
