import sharp from 'sharp';
import type { RgbImage } from './image.js';

// Only these three loaders see untrusted bytes; every other one that libvips knows (SVG, TIFF, PDF …) stays shut.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer'],
});
// No photo stays in libvips' cache, and one decode uses one thread: parallel work comes from parallel jobs.
sharp.cache(false);
sharp.concurrency(1);

/** Longer sides are shrunk to this: aligning from 1,024 px is as accurate as from the full photo. */
export const MAX_DECODED_SIDE = 1024;

const DECODE_TIMEOUT_SECONDS = 10;

/** The grey on which transparent photos are laid. */
const BACKGROUND = 128;

export interface DecodeLimits {
  /** Width × height above which a photo is not decoded. */
  readonly maxPixels: number;
}

export type DecodedPhoto =
  | {
      readonly kind: 'image';
      /** At most {@link MAX_DECODED_SIDE} px on its longer side. */
      readonly image: RgbImage;
      /** Size of the photo as it is viewed, in its own pixels. */
      readonly width: number;
      readonly height: number;
    }
  | { readonly kind: 'unreadable' };

/**
 * JPEG, PNG or WebP bytes → upright 8-bit RGB (EXIF orientation applied; grey, CMYK and 16-bit converted; transparency
 * laid on mid grey; the first frame of an animation). Damaged, truncated, foreign or too large input is `unreadable`,
 * never an exception.
 */
export async function decodePhoto(bytes: Uint8Array, { maxPixels }: DecodeLimits): Promise<DecodedPhoto> {
  try {
    const photo = sharp(bytes, { failOn: 'warning', limitInputPixels: maxPixels, autoOrient: true });
    const { data, info } = await photo
      .clone()
      .timeout({ seconds: DECODE_TIMEOUT_SECONDS })
      .resize({ width: MAX_DECODED_SIDE, height: MAX_DECODED_SIDE, fit: 'inside', withoutEnlargement: true })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const image = { width, height, data: info.channels === 3 ? data : toRgb(data, info.channels) };
    if (Math.max(width, height) < MAX_DECODED_SIDE) return { kind: 'image', image, width, height };
    const { autoOrient: viewed } = await photo.metadata();
    return { kind: 'image', image, width: viewed.width, height: viewed.height };
  } catch {
    // libvips' messages can quote metadata of the file, so they go nowhere.
    return { kind: 'unreadable' };
  }
}

/** One to four interleaved channels → three. libvips could do this as well, but costs every opaque photo a pass. */
function toRgb(data: Uint8Array, channels: number): Uint8Array {
  const pixels = data.length / channels;
  const rgb = new Uint8Array(pixels * 3);
  const isGrey = channels < 3;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const from = pixel * channels;
    const alpha = channels % 2 === 0 ? (data[from + channels - 1] as number) / 255 : 1;
    for (let channel = 0; channel < 3; channel++) {
      const value = data[from + (isGrey ? 0 : channel)] as number;
      rgb[pixel * 3 + channel] = Math.round(value * alpha + BACKGROUND * (1 - alpha));
    }
  }
  return rgb;
}
