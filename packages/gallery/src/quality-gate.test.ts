import { faceQualitySchema, qualityFindingSchema } from '@rollcall/contracts';
import type { FaceQuality, PhotoAnalysis } from '@rollcall/face-core';
import { describe, expect, it } from 'vitest';
import { assess, DEFAULT_QUALITY_LIMITS, toWireQuality } from './quality-gate.js';

const GOOD: FaceQuality = {
  faceSize: 160.4,
  detectionScore: 0.94321,
  embeddingNorm: 13.216,
  sharpness: 0.7123456,
  brightness: 128.7,
  contrast: 160,
  overexposed: 0.0004,
  roll: -3.1459,
  yaw: 7.77,
  inside: 1,
  landmarksInside: true,
};
const times = { decode: 0, detect: 0, refine: 0, align: 0, embed: 0 };

function photo(changes: Partial<FaceQuality>, ambiguous = false): PhotoAnalysis {
  const point = [0, 0] as const;
  return {
    kind: 'face',
    face: {
      box: { x: 0, y: 0, w: 160, h: 160 },
      landmarks: [point, point, point, point, point],
      score: 0.94,
      embedding: new Float32Array(128),
      quality: { ...GOOD, ...changes },
    },
    ambiguous,
    times,
  };
}

function judge(analysis: PhotoAnalysis) {
  const { refusals, warnings } = assess(analysis, DEFAULT_QUALITY_LIMITS);
  for (const finding of [...refusals, ...warnings]) qualityFindingSchema.parse(finding);
  return { refused: refusals.map(({ reason }) => reason), warned: warnings.map(({ reason }) => reason) };
}

describe('assess', () => {
  it('has nothing against a good photo', () => {
    expect(judge(photo({}))).toEqual({ refused: [], warned: [] });
  });

  it.each<[Partial<FaceQuality>, string]>([
    [{ faceSize: 20 }, 'SMALL_BOUNDING_BOX'],
    [{ detectionScore: 0.87 }, 'LOW_CONFIDENCE'],
    [{ embeddingNorm: 9.9 }, 'LOW_FACE_QUALITY'],
    [{ sharpness: 0.2 }, 'LOW_SHARPNESS'],
    [{ brightness: 10 }, 'LOW_BRIGHTNESS'],
    [{ contrast: 12 }, 'LOW_FACE_QUALITY'],
    [{ overexposed: 0.5 }, 'HIGH_BRIGHTNESS'],
    [{ roll: -40 }, 'EXTREME_POSE'],
    [{ yaw: 60 }, 'EXTREME_POSE'],
  ])('refuses %o as %s alone', (changes, reason) => {
    expect(judge(photo(changes))).toEqual({ refused: [reason], warned: [] });
  });

  it.each<[Partial<FaceQuality>, string]>([
    [{ faceSize: 45 }, 'SMALL_BOUNDING_BOX'],
    [{ sharpness: 0.36 }, 'LOW_SHARPNESS'],
    [{ brightness: 30 }, 'LOW_BRIGHTNESS'],
    [{ contrast: 30 }, 'LOW_FACE_QUALITY'],
    [{ overexposed: 0.2 }, 'HIGH_BRIGHTNESS'],
    [{ roll: 25 }, 'EXTREME_POSE'],
    [{ yaw: -30 }, 'EXTREME_POSE'],
    [{ inside: 0.6 }, 'CUT_OFF'],
    [{ landmarksInside: false }, 'CUT_OFF'],
  ])('warns of %o as %s', (changes, reason) => {
    expect(judge(photo(changes))).toEqual({ refused: [], warned: [reason] });
  });

  it('tells measure, value and limit, as replies write them', () => {
    const { refusals } = assess(photo({ yaw: -51.26 }), DEFAULT_QUALITY_LIMITS);
    expect(refusals).toEqual([
      expect.objectContaining({ measure: 'yaw', value: -51.3, limit: 45, advice: expect.stringMatching(/^Turn to/) }),
    ]);
  });

  it('tells everything at once', () => {
    expect(judge(photo({ yaw: 60, brightness: 5, inside: 0.5 }))).toEqual({
      refused: ['EXTREME_POSE', 'LOW_BRIGHTNESS'],
      warned: ['CUT_OFF'],
    });
  });

  it('goes by the limits it is given', () => {
    expect(assess(photo({}), { ...DEFAULT_QUALITY_LIMITS, minFaceSize: 200 }).refusals).toHaveLength(1);
  });

  it('refuses what cannot be measured', () => {
    expect(judge({ kind: 'unreadable', times })).toEqual({ refused: ['UNREADABLE_IMAGE'], warned: [] });
    expect(judge({ kind: 'no_face', times })).toEqual({ refused: ['NO_FACE'], warned: [] });
  });

  it('does not judge one of several faces', () => {
    expect(judge(photo({ sharpness: 0 }, true))).toEqual({ refused: ['MULTIPLE_FACES'], warned: [] });
  });
});

describe('toWireQuality', () => {
  it('rounds to what means something', () => {
    const wire = toWireQuality(GOOD);
    expect(faceQualitySchema.parse(wire)).toEqual({
      face_size: 160,
      detection_score: 0.943,
      embedding_norm: 13.22,
      sharpness: 0.712,
      brightness: 129,
      contrast: 160,
      overexposed: 0,
      roll: -3.1,
      yaw: 7.8,
      inside: 1,
    });
  });
});
