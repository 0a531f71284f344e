import { describe, expect, it } from 'vitest';
import {
  type Affine,
  applyAffine,
  composeAffine,
  invertAffine,
  type Point,
  scaleOf,
  similarityTransform,
} from './affine.js';

const points: Point[] = [
  [10, 20],
  [50, 18],
  [31, 40],
  [14, 60],
  [47, 61],
];

function similarity(scale: number, degrees: number, tx: number, ty: number): Affine {
  const a = scale * Math.cos((degrees * Math.PI) / 180);
  const b = scale * Math.sin((degrees * Math.PI) / 180);
  return [a, -b, tx, b, a, ty];
}

describe('similarityTransform', () => {
  it.each([
    [1, 0, 0, 0],
    [0.3, 25, -4, 9],
    [2.5, -170, 100, 3],
  ])('finds scale %d, rotation %d°, shift (%d, %d) again', (...parameters) => {
    const map = similarity(...parameters);
    const found = similarityTransform(
      points,
      points.map((point) => applyAffine(map, point)),
    );
    for (const [index, value] of found.entries()) expect(value).toBeCloseTo(map[index] as number, 9);
  });

  it('has the least squared error of its neighbours', () => {
    const to = points.map(([x, y], index): Point => [x + ((index * 7) % 5), y - ((index * 3) % 4)]);
    const error = (map: Affine) =>
      points.reduce((sum, point, index) => {
        const [x, y] = applyAffine(map, point);
        return sum + (x - (to[index] as Point)[0]) ** 2 + (y - (to[index] as Point)[1]) ** 2;
      }, 0);
    const [a, , c, d, , f] = similarityTransform(points, to);
    for (const [da, dd, dc, df] of [
      [0.01, 0, 0, 0],
      [0, 0.01, 0, 0],
      [0, 0, 0.5, 0],
      [0, 0, 0, 0.5],
    ] as const) {
      for (const sign of [-1, 1]) {
        const near: Affine = [
          a + sign * da,
          -(d + sign * dd),
          c + sign * dc,
          d + sign * dd,
          a + sign * da,
          f + sign * df,
        ];
        expect(error(near)).toBeGreaterThan(error([a, -d, c, d, a, f]));
      }
    }
  });

  it('refuses points that coincide', () => {
    const same = points.map((): Point => [3, 3]);
    expect(() => similarityTransform(same, points)).toThrow(RangeError);
  });
});

describe('affine maps', () => {
  const map: Affine = [2, -0.5, 3, 0.25, 1.5, -7];

  it('are undone by their inverse', () => {
    const [x, y] = applyAffine(composeAffine(invertAffine(map), map), [12, 34]);
    expect(x).toBeCloseTo(12, 9);
    expect(y).toBeCloseTo(34, 9);
  });

  it('have no inverse when singular', () => {
    expect(() => invertAffine([1, 2, 0, 2, 4, 0])).toThrow(RangeError);
  });

  it('scale by the root of the area ratio', () => {
    expect(scaleOf([3, 0, 9, 0, 3, 9])).toBeCloseTo(3, 9);
    expect(scaleOf(similarity(0.4, 77, 1, 2))).toBeCloseTo(0.4, 9);
  });
});
