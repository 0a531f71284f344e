import { type Affine, composeAffine, scaleOf } from './affine.js';
import { halve, sampleAxisAligned } from './image-resample.js';

/** 8-bit RGB, interleaved, row by row without padding: `data.length === width · height · 3`. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** An image and its halvings, each made when first asked for, so that shrinking averages areas instead of skipping pixels. */
export interface Pyramid {
  readonly width: number;
  readonly height: number;
  /** Level 0 is the image; each next level has half the width and height. */
  level(index: number): RgbImage;
}

/** The colour planes' order in a network's input. */
export type ChannelOrder = 'rgb' | 'bgr';

export function createPyramid(image: RgbImage): Pyramid {
  const levels = [image];
  return {
    width: image.width,
    height: image.height,
    level(index) {
      for (let next = levels.length; next <= index; next++) levels.push(halve(levels[next - 1] as RgbImage));
      return levels[index] as RgbImage;
    },
  };
}

/**
 * Samples `width`×`height` pixels into `out` as three float planes (NCHW with N = 1, values 0 to 255), bilinearly.
 * What lies outside the image is black.
 *
 * @param toImage maps a pixel of the output to a place in the pyramid's level 0.
 */
export function samplePlanes(
  pyramid: Pyramid,
  toImage: Affine,
  width: number,
  height: number,
  order: ChannelOrder,
  out: Float32Array,
): void {
  const level = levelFor(pyramid, scaleOf(toImage));
  const shrink = 2 ** level;
  // A pixel centre x of level 0 lies at (x + ½) / shrink − ½ of this level.
  const offset = 0.5 / shrink - 0.5;
  const map = composeAffine([1 / shrink, 0, offset, 0, 1 / shrink, offset], toImage);
  const image = pyramid.level(level);
  if (map[1] === 0 && map[3] === 0) sampleAxisAligned(image, map, width, height, order, out);
  else sampleAffine(image, map, width, height, order, out);
}

/** The level that leaves a shrinking factor between 1 and 2 to the interpolation. */
function levelFor(pyramid: Pyramid, scale: number): number {
  const deepest = Math.floor(Math.log2(Math.min(pyramid.width, pyramid.height)));
  return Math.max(0, Math.min(deepest, Math.floor(Math.log2(scale) + 1e-6)));
}

function sampleAffine(
  image: RgbImage,
  [a, b, c, d, e, f]: Affine,
  width: number,
  height: number,
  order: ChannelOrder,
  out: Float32Array,
): void {
  const { data } = image;
  const plane = width * height;
  const red = order === 'rgb' ? 0 : 2 * plane;
  const green = plane;
  const blue = order === 'rgb' ? 2 * plane : 0;
  const stride = image.width * 3;
  const lastX = image.width - 1;
  const lastY = image.height - 1;
  let index = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, index++) {
      const sx = a * x + b * y + c;
      const sy = d * x + e * y + f;
      const x0 = Math.floor(sx);
      const y0 = Math.floor(sy);
      if (x0 < -1 || y0 < -1 || x0 > lastX || y0 > lastY) {
        out[red + index] = 0;
        out[green + index] = 0;
        out[blue + index] = 0;
        continue;
      }
      const fx = sx - x0;
      const fy = sy - y0;
      // A neighbour outside the image counts as black: its weight is 0 and its index that of any pixel inside.
      const left = x0 >= 0 ? 1 - fx : 0;
      const right = x0 < lastX ? fx : 0;
      const top = y0 >= 0 ? 1 - fy : 0;
      const bottom = y0 < lastY ? fy : 0;
      const column = (x0 >= 0 ? x0 : 0) * 3;
      const row = (y0 >= 0 ? y0 : 0) * stride;
      const stepX = x0 >= 0 && x0 < lastX ? 3 : 0;
      const stepY = y0 >= 0 && y0 < lastY ? stride : 0;
      const p = row + column;
      const wa = left * top;
      const wb = right * top;
      const wc = left * bottom;
      const wd = right * bottom;
      const q = p + stepY;
      out[red + index] =
        (data[p] as number) * wa +
        (data[p + stepX] as number) * wb +
        (data[q] as number) * wc +
        (data[q + stepX] as number) * wd;
      out[green + index] =
        (data[p + 1] as number) * wa +
        (data[p + stepX + 1] as number) * wb +
        (data[q + 1] as number) * wc +
        (data[q + stepX + 1] as number) * wd;
      out[blue + index] =
        (data[p + 2] as number) * wa +
        (data[p + stepX + 2] as number) * wb +
        (data[q + 2] as number) * wc +
        (data[q + stepX + 2] as number) * wd;
    }
  }
}
