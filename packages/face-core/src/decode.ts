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
      .flatten({ background: '#808080' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const image = { width, height, data: info.channels === 3 ? data : greyToRgb(data, info.channels) };
    if (Math.max(width, height) < MAX_DECODED_SIDE) return { kind: 'image', image, width, height };
    const { autoOrient: viewed } = await photo.metadata();
    return { kind: 'image', image, width: viewed.width, height: viewed.height };
  } catch {
    // libvips' messages can quote metadata of the file, so they go nowhere.
    return { kind: 'unreadable' };
  }
}

function greyToRgb(data: Uint8Array, channels: number): Uint8Array {
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let from = 0, to = 0; from < data.length; from += channels, to += 3) {
    rgb.fill(data[from] as number, to, to + 3);
  }
  return rgb;
}
