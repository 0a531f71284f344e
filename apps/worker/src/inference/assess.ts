import type { PhotoAnalyser } from '@rollcall/face-core';
import { assess, faceLandmarks, type QualityLimits, toWireQuality } from '@rollcall/gallery';
import type { UseCases } from './job-handler.js';
import { areaOf, secondsSince } from './probe.js';

export interface AssessOptions {
  readonly analyser: PhotoAnalyser;
  readonly qualityLimits: QualityLimits;
  readonly now: () => number;
}

/** Whether a photo could become a reference, by the rules of enrolment that need no employee. Nothing is stored. */
export function createAssess({ analyser, qualityLimits, now }: AssessOptions): UseCases['assess'] {
  return async (_job, photos) => {
    const startedAt = now();
    const [photo] = await photos();
    const analysis = await analyser.analyse(photo as Uint8Array);
    const { refusals, warnings } = assess(analysis, qualityLimits);
    const face = analysis.kind === 'face' ? analysis.face : undefined;
    return {
      outcome: {
        kind: 'assessed',
        face: areaOf(analysis),
        landmarks: face ? faceLandmarks(face) : null,
        quality: face ? toWireQuality(face.quality) : null,
        refusals,
        warnings,
        time: secondsSince(startedAt, now()),
      },
      times: analysis.times,
    };
  };
}
