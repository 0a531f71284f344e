import { describe, expect, it } from 'vitest';
import type { Affine, Point } from './affine.js';
import { alignment } from './align.js';
import { ALIGNED_SIDE } from './engine.js';
import { type AlignedFace, createQualityMeter, rollOf, yawOf } from './quality.js';
import type { Landmarks } from './yunet.js';

const measure = createQualityMeter();

/** The template, upright and frontal, three times as large. */
const FRONTAL: Landmarks = [
  [115, 155],
  [221, 155],
  [168, 215],
  [125, 277],
  [212, 277],
];

/** A grey crop by a function of its pixels, wholly within its photo unless told. */
function crop(value: (x: number, y: number) => number, changes: Partial<AlignedFace> = {}): AlignedFace {
  const plane = ALIGNED_SIDE * ALIGNED_SIDE;
  const planes = Float32Array.from({ length: 3 * plane }, (_, i) =>
    value((i % plane) % ALIGNED_SIDE, Math.floor((i % plane) / ALIGNED_SIDE)),
  );
  const toPhoto: Affine = [1, 0, 100, 0, 1, 100];
  return { planes, toPhoto, landmarks: FRONTAL, turns: 0, photoWidth: 400, photoHeight: 400, ...changes };
}

function turn(landmarks: Landmarks, degrees: number): Landmarks {
  const [sine, cosine] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  const [a, b, c, d, e] = landmarks.map(([x, y]): Point => [x * cosine - y * sine, x * sine + y * cosine]);
  return [a, b, c, d, e] as Landmarks;
}

const stripes = (period: number) => (x: number, y: number) =>
  128 + 50 * Math.sin((2 * Math.PI * x) / period) + 50 * Math.sin((2 * Math.PI * y) / period);

describe('sharpness', () => {
  it('falls as details grow coarser', () => {
    const values = [3, 6, 12, 24, 48].map((period) => measure(crop(stripes(period))).sharpness);
    expect(values).toEqual([...values].sort((one, other) => other - one));
    expect(values[0]).toBeGreaterThan(0.99);
    expect(values[4]).toBeLessThan(0.1);
  });

  it('does not depend on contrast', () => {
    const faint = measure(crop((x, y) => 100 + 0.1 * stripes(8)(x, y))).sharpness;
    expect(faint).toBeCloseTo(measure(crop(stripes(8))).sharpness, 4);
  });

  it('counts the direction that lacks detail, as after motion', () => {
    const moved = measure(crop((x, y) => 128 + 50 * Math.sin(x / 10) + 50 * Math.sin(2 * y))).sharpness;
    expect(moved).toBeLessThan(0.1);
  });

  it('does not take the edge of the photo for detail', () => {
    const smooth = stripes(48);
    const cut = crop((x, y) => (x < 50 ? 0 : smooth(x, y)), { toPhoto: [1, 0, -50, 0, 1, 100] });
    expect(measure(cut).sharpness).toBeLessThan(0.1);
  });

  it('is 0 where there is nothing to see', () => {
    expect(measure(crop(() => 90)).sharpness).toBe(0);
  });
});

describe('light', () => {
  it('is measured in luma', () => {
    const face = crop(() => 0);
    face.planes.fill(200, 0, ALIGNED_SIDE * ALIGNED_SIDE);
    expect(measure(face).brightness).toBeCloseTo(0.299 * 200, 3);
  });

  it('tells mean, spread and the burnt-out share', () => {
    const { brightness, contrast, overexposed } = measure(crop((x) => (x < 56 ? 55 : 255)));
    expect(brightness).toBeCloseTo(155, -1);
    expect(contrast).toBe(200);
    expect(overexposed).toBeCloseTo(0.5, 1);
  });

  it('leaves out what lies beyond the photo', () => {
    const { brightness, contrast, inside } = measure(
      crop((x) => (x < 28 ? 0 : 150), { toPhoto: [2, 0, -56, 0, 2, 100] }),
    );
    expect([brightness, contrast, inside]).toEqual([150, 0, 0.75]);
  });

  it('is zero when nothing of the crop lies in the photo', () => {
    const outside = measure(crop(() => 0, { toPhoto: [1, 0, 5000, 0, 1, 100] }));
    expect(outside).toMatchObject({ brightness: 0, contrast: 0, overexposed: 0, sharpness: 0, inside: 0 });
  });
});

describe('pose', () => {
  it.each([0, 15, -40, 80])('tells a roll of %s°, and the same yaw', (degrees) => {
    const turned = turn(FRONTAL, degrees);
    expect(rollOf(alignment(turned), 0)).toBeCloseTo(degrees, 0);
    expect(yawOf(turned)).toBeCloseTo(yawOf(FRONTAL), 6);
  });

  it('counts roll from the quarter turn in which the face was found', () => {
    // The photo lies on its left side: a quarter turn clockwise shows it upright.
    expect(rollOf(alignment(turn(FRONTAL, -80)), 1)).toBeCloseTo(10, 0);
    expect(rollOf(alignment(turn(FRONTAL, 170)), 2)).toBeCloseTo(-10, 0);
  });

  it.each([-45, -20, 0, 20, 45])('tells a yaw of %s°', (degrees) => {
    const offset = 0.39 * 106 * Math.tan((degrees * Math.PI) / 180);
    const [rightEye, leftEye, , rightMouth, leftMouth] = FRONTAL;
    expect(yawOf([rightEye, leftEye, [168.25 + offset, 216], rightMouth, leftMouth])).toBeCloseTo(degrees, 0);
  });
});

describe('what is in the photo', () => {
  it('tells whether every landmark is', () => {
    expect(measure(crop(() => 90)).landmarksInside).toBe(true);
    expect(measure(crop(() => 90, { photoWidth: 220 })).landmarksInside).toBe(false);
  });
});
