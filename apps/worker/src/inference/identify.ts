import type { PhotoAnalyser } from '@rollcall/face-core';
import type { GalleryIndex, QualityLimits } from '@rollcall/gallery';
import type { UseCases } from './job-handler.js';
import { areaOf, embeddingOf, mismatchReason, probeQuality, roundDistance, secondsSince } from './probe.js';

export interface IdentifyOptions {
  readonly analyser: PhotoAnalyser;
  readonly index: Pick<GalleryIndex, 'search'>;
  readonly qualityLimits: QualityLimits;
  readonly matchDistanceThreshold: number;
  readonly now: () => number;
}

/** 1:N: the probe against everybody's references. */
export function createIdentify(options: IdentifyOptions): UseCases['identify'] {
  const { analyser, index, qualityLimits, matchDistanceThreshold, now } = options;
  return async ({ limit }, photos) => {
    const startedAt = now();
    const [probe] = await photos();
    const analysis = await analyser.analyse(probe as Uint8Array);
    const embedding = embeddingOf(analysis);
    const found = embedding ? await index.search(embedding, { limit, maxDistance: matchDistanceThreshold }) : [];
    return {
      outcome: {
        kind: 'identified',
        reason: found.length > 0 ? null : mismatchReason(analysis),
        candidates: found.map(({ employeeId, photo, distance }) => ({
          employee_id: employeeId,
          photo,
          distance: roundDistance(distance),
        })),
        threshold: matchDistanceThreshold,
        face: areaOf(analysis),
        quality: probeQuality(analysis, qualityLimits),
        time: secondsSince(startedAt, now()),
      },
      times: analysis.times,
    };
  };
}
