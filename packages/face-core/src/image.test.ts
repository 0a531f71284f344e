import { describe, expect, it } from 'vitest';
import type { Affine } from './affine.js';
import { createPyramid, type RgbImage, samplePlanes } from './image.js';
import { halve } from './image-resample.js';

/** Red grows to the right, green downwards, blue is constant: bilinear sampling must give exact values. */
function ramp(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set([2 * x, 3 * y, 50], (y * width + x) * 3);
  }
  return { width, height, data };
}

/** The same pixels every time. */
function noise(width: number, height: number): RgbImage {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 2654435761) >>> 24);
  return { width, height, data };
}

/** What bilinear sampling means, without regard to speed. */
function bilinear({ width, height, data }: RgbImage, x: number, y: number, channel: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const at = (px: number, py: number) =>
    px < 0 || py < 0 || px >= width || py >= height ? 0 : (data[(py * width + px) * 3 + channel] as number);
  const row = (py: number) => at(left, py) * (1 - (x - left)) + at(left + 1, py) * (x - left);
  return row(top) * (1 - (y - top)) + row(top + 1) * (y - top);
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

  it.each<[string, Affine]>([
    ['enlarged', [0.37, 0, 5.21, 0, 0.37, 3.9]],
    ['shrunk', [1.83, 0, -0.4, 0, 1.83, 0.7]],
    ['beyond every edge', [1.9, 0, -9.3, 0, 1.9, -7.6]],
    ['upside down', [-1.21, 0, 48.4, 0, -1.21, 31.3]],
    ['of a single place', [0, 0, 7.25, 0, 0, 11.5]],
    ['wholly outside', [1, 0, 400, 0, 1, 0]],
    ['turned by a quarter', [0, 1.3, 2.2, -1.3, 0, 36.1]],
    ['turned by a little', [0.9, -0.2, 4.1, 0.2, 0.9, -3.3]],
  ])('samples what is %s as bilinear sampling is defined', (_name, map) => {
    const image = noise(53, 37);
    const [width, height] = [41, 35];
    const at = sample(image, map, width, height);
    const [a, b, c, d, e, f] = map;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (const channel of [0, 1, 2]) {
          const expected = bilinear(image, a * x + b * y + c, d * x + e * y + f, channel);
          expect(Math.abs((at(channel, x, y) as number) - expected), `${channel} at ${x} ${y}`).toBeLessThan(1e-4);
        }
      }
    }
  });

  it('is black for a map that is no map', () => {
    const at = sample(noise(8, 8), [1, 0, Number.NaN, 0, 1, 0], 4, 4);
    expect([at(0, 0, 0), at(2, 3, 3)]).toEqual([0, 0]);
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

  it.each([
    [2, 2],
    [3, 9],
    [14, 5],
    [31, 33],
    [640, 3],
  ])('is the rounded mean everywhere in %i×%i pixels', (width, height) => {
    const image = noise(width, height);
    const half = halve(image);
    const at = (x: number, y: number, c: number) => image.data[(y * width + x) * 3 + c] as number;
    const expected: number[] = [];
    for (let y = 0; y + 1 < height; y += 2) {
      for (let x = 0; x + 1 < width; x += 2) {
        for (let c = 0; c < 3; c++) {
          expected.push((at(x, y, c) + at(x + 1, y, c) + at(x, y + 1, c) + at(x + 1, y + 1, c) + 2) >> 2);
        }
      }
    }
    expect([...half.data]).toEqual(expected);
  });

  it('refuses what has nothing to average', () => {
    expect(() => halve(ramp(1, 5))).toThrow(RangeError);
  });
});
