import { expect, it } from 'vitest';
import { fitWithin, MAX_SIDE } from './picture.js';

it.each([
  [640, 480, 640, 480],
  [1280, 960, 1280, 960],
  [4000, 3000, 1280, 960],
  [3000, 4000, 960, 1280],
  [9000, 1, 1280, 1],
])('a photo of %i × %i is sent as %i × %i', (width, height, fitWidth, fitHeight) => {
  expect(fitWithin(width, height)).toEqual({ width: fitWidth, height: fitHeight });
  expect(Math.max(fitWidth, fitHeight)).toBeLessThanOrEqual(MAX_SIDE);
});
