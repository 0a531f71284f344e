import { describe, expect, it } from 'vitest';
import type { Affine } from './affine.js';
import { createPyramid, halve, type RgbImage, samplePlanes } from './image.js';

/** Red grows to the right, green downwards, blue is constant: bilinear sampling must give exact values. */
function ramp(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set([2 * x, 3 * y, 50], (y * width + x) * 3);
  }
  return { width, height, data };
}

function sample(image: RgbImage, map: Affine, width: number, height: number, order: 'rgb' | 'bgr' = 'rgb') {
  const out = new Float32Array(3 * width * height).fill(Number.NaN);
  samplePlanes(createPyramid(image), map, width, height, order, out);
  return (channel: number, x: number, y: number) => out[channel * width * height + y * width + x];
}

describe('samplePlanes', () => {
  it('copies with the identity, plane by plane', () => {
    const at = sample(ramp(20, 10), [1, 0, 0, 0, 1, 0], 20, 10);
    expect([at(0, 7, 3), at(1, 7, 3), at(2, 7, 3)]).toEqual([14, 9, 50]);
    const bgr = sample(ramp(20, 10), [1, 0, 0, 0, 1, 0], 20, 10, 'bgr');
    expect([bgr(0, 7, 3), bgr(1, 7, 3), bgr(2, 7, 3)]).toEqual([50, 9, 14]);
  });

  it('interpolates between pixels', () => {
    const at = sample(ramp(20, 10), [0.5, 0, 2, 0, 0.5, 1], 8, 8);
    expect([at(0, 3, 5), at(1, 3, 5)]).toEqual([2 * 3.5, 3 * 3.5]);
  });

  it('gives the same for a turned map as for an upright one', () => {
    const degrees = 1e-9;
    const image = ramp(30, 30);
    const upright = sample(image, [0.7, 0, 3, 0, 0.7, 4], 16, 16);
    const turned = sample(image, [0.7, degrees, 3, -degrees, 0.7, 4], 16, 16);
    for (let y = 0; y < 16; y++)
      for (let x = 0; x < 16; x++) expect(turned(0, x, y)).toBeCloseTo(upright(0, x, y) ?? 0, 3);
  });

  it.each([
    ['upright', 0],
    ['turned', 1e-12],
  ])('is black outside the image and fades over its edge (%s)', (_name, skew) => {
    const at = sample(ramp(8, 8), [1, skew, -2.5, -skew, 1, 0], 16, 8);
    expect(at(2, 0, 2)).toBe(0);
    expect(at(2, 2, 2)).toBeCloseTo(25, 3);
    expect(at(2, 3, 2)).toBeCloseTo(50, 3);
    expect(at(2, 10, 2)).toBeCloseTo(25, 3);
    expect(at(2, 11, 2)).toBe(0);
    expect(at(2, 15, 2)).toBe(0);
  });

  it('averages areas when it shrinks', () => {
    const data = new Uint8Array(64 * 64 * 3);
    for (let pixel = 0; pixel < 64 * 64; pixel++)
      data.fill(pixel % 2 === Math.floor(pixel / 64) % 2 ? 255 : 0, pixel * 3, pixel * 3 + 3);
    const at = sample({ width: 64, height: 64, data }, [4, 0, 1.5, 0, 4, 1.5], 16, 16);
    for (const x of [0, 5, 15]) expect(at(0, x, 8)).toBeCloseTo(127.5, -1);
  });
});

describe('halve', () => {
  it('averages 2×2 pixels and drops an odd last row and column', () => {
    const half = halve(ramp(5, 7));
    expect([half.width, half.height]).toEqual([2, 3]);
    expect([...half.data.subarray(0, 6)]).toEqual([1, 2, 50, 5, 2, 50]);
  });

  it('keeps a single pixel', () => {
    expect(halve({ width: 1, height: 1, data: Uint8Array.of(9, 8, 7) })).toEqual({
      width: 1,
      height: 1,
      data: Uint8Array.of(9, 8, 7),
    });
  });
});
