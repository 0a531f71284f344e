import { cosineDistance, type PhotoAnalyser } from '@rollcall/face-core';
import type { QualityLimits } from '@rollcall/gallery';
import type { UseCases } from './job-handler.js';
import { areaOf, embeddingOf, mismatchReason, probeQuality, roundDistance, secondsSince } from './probe.js';

export interface CompareOptions {
  readonly analyser: PhotoAnalyser;
  readonly qualityLimits: QualityLimits;
  readonly matchDistanceThreshold: number;
  readonly now: () => number;
}

/** 1:1 of two photos, nobody being an employee. */
export function createCompare(options: CompareOptions): UseCases['compare'] {
  const { analyser, qualityLimits, matchDistanceThreshold, now } = options;
  return async (_job, photos) => {
    const startedAt = now();
    const analyses = await Promise.all((await photos()).map((photo) => analyser.analyse(photo)));
    const [one, other] = analyses.map(embeddingOf);
    const distance = one && other ? cosineDistance(one, other) : null;
    // What keeps the photos from being compared comes before what the comparison says.
    const obstacle = analyses.map(mismatchReason).find((reason) => reason !== 'not_matched');
    const matches = distance !== null && distance <= matchDistanceThreshold;
    return {
      outcome: {
        kind: 'compared',
        reason: matches ? null : (obstacle ?? 'not_matched'),
        distance: distance === null ? null : roundDistance(distance),
        threshold: matchDistanceThreshold,
        faces: analyses.map(areaOf),
        qualities: analyses.map((analysis) => probeQuality(analysis, qualityLimits)),
        time: secondsSince(startedAt, now()),
      },
    };
  };
}
