import type { FacialArea, ProbeQuality, Reason } from '@rollcall/contracts';
import type { PhotoAnalysis } from '@rollcall/face-core';
import { assess, facialArea, type QualityLimits, toWireQuality } from '@rollcall/gallery';

/**
 * A probe whose face is narrower than this rarely matches even the right person (a quarter is rejected at 20 px), so the
 * reason given is the size.
 */
const SMALL_FACE_WIDTH = 20;

/** Why a probe that matched nobody did not. */
export function mismatchReason(analysis: PhotoAnalysis): Reason {
  if (analysis.kind === 'unreadable') return 'unreadable_image';
  if (analysis.kind === 'no_face') return 'no_face';
  return analysis.face.box.w < SMALL_FACE_WIDTH ? 'face_too_small' : 'not_matched';
}

/** What could be better about a probe. A second face is no fault of the one in front. */
export function probeQuality(analysis: PhotoAnalysis, limits: QualityLimits): ProbeQuality {
  const { refusals, warnings } = assess(analysis, limits);
  return {
    measures: analysis.kind === 'face' ? toWireQuality(analysis.face.quality) : null,
    findings: [...refusals, ...warnings].filter(({ reason }) => reason !== 'MULTIPLE_FACES'),
  };
}

export function areaOf(analysis: PhotoAnalysis): FacialArea | null {
  return analysis.kind === 'face' ? facialArea(analysis.face) : null;
}

export function embeddingOf(analysis: PhotoAnalysis): Float32Array | undefined {
  return analysis.kind === 'face' ? analysis.face.embedding : undefined;
}

/** Cosine distances are told with six digits. */
export function roundDistance(distance: number): number {
  return Number(distance.toFixed(6));
}

/** Seconds since `startedAt` (milliseconds), to the millisecond. */
export function secondsSince(startedAt: number, now: number): number {
  return Number(((now - startedAt) / 1000).toFixed(3));
}
