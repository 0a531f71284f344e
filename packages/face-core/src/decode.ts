import sharp, { type Metadata, type Sharp } from 'sharp';
import type { RgbImage } from './image.js';
import { hasTooManyScans } from './jpeg-scans.js';

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

/** Nothing that takes portraits makes longer sides: 200-megapixel phones come to 16,320 px, and WebP ends at 16,383. */
const MAX_SIDE = 16_384;

/**
 * What is interlaced is held as a whole while it is decoded. Up to this much for each pixel that is allowed is RGBA; 16-bit
 * RGBA would take twice as much.
 */
const MAX_HELD_BYTES_PER_PIXEL = 4;

/** Checked between rows, so that it ends a slow decode but not a slow header. */
const DECODE_TIMEOUT_SECONDS = 5;

/**
 * The limit is one of wall-clock time. When the process has had less processor time than this meanwhile, it was stopped or
 * starved, and the photo is not what was slow.
 */
const MIN_CPU_SECONDS = DECODE_TIMEOUT_SECONDS / 2;
const ATTEMPTS = 3;

/** The photo could not be decoded for want of processor time; trying again later can help. */
export class DecodeStarvedError extends Error {
  override readonly name = 'DecodeStarvedError';
}

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

const UNREADABLE: DecodedPhoto = { kind: 'unreadable' };

/**
 * JPEG, PNG or WebP bytes → upright 8-bit RGB (grey, CMYK and 16-bit converted; transparency laid on mid grey). Of the
 * metadata only the EXIF orientation counts; colour profiles are ignored, as OpenCV ignores them.
 * An APNG is its still image, what every reader without animation shows; an animated WebP has no such image and is
 * `unreadable`, like damaged, truncated, foreign and too large input, and what takes too long.
 *
 * @throws {DecodeStarvedError}, and nothing else.
 */
export async function decodePhoto(bytes: Uint8Array, limits: DecodeLimits): Promise<DecodedPhoto> {
  if (hasTooManyScans(bytes)) return UNREADABLE;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const cpuBefore = process.cpuUsage();
    const decoded = await decode(bytes, limits);
    if (decoded.kind !== 'too slow') return decoded;
    const { user, system } = process.cpuUsage(cpuBefore);
    if ((user + system) / 1e6 > MIN_CPU_SECONDS) return UNREADABLE;
  }
  throw new DecodeStarvedError('a photo could not be decoded in time, for want of processor time');
}

/**
 * A part of a photo as a small JPEG, for people to look at.
 *
 * @param area in the pixels of the photo as it is viewed; what of it lies outside the photo is left out.
 * @param side px of the longer side.
 * @returns undefined when the photo cannot be decoded, or the area is outside of it.
 */
export async function cropToJpeg(
  bytes: Uint8Array,
  area: { readonly x: number; readonly y: number; readonly w: number; readonly h: number },
  side: number,
  { maxPixels }: DecodeLimits,
): Promise<Uint8Array | undefined> {
  try {
    const photo = open(bytes, maxPixels);
    const header = await photo.metadata();
    if (isTooCostly(header, maxPixels)) return undefined;
    const { width, height } = header.autoOrient;
    const left = Math.max(0, Math.round(area.x));
    const top = Math.max(0, Math.round(area.y));
    return await photo
      .timeout({ seconds: DECODE_TIMEOUT_SECONDS })
      .extract({
        left,
        top,
        width: Math.min(width, Math.round(area.x + area.w)) - left,
        height: Math.min(height, Math.round(area.y + area.h)) - top,
      })
      .resize({ width: side, height: side, fit: 'inside' })
      .jpeg({ quality: 80 })
      .toBuffer();
  } catch {
    // libvips' messages can quote metadata of the file, so they go nowhere.
    return undefined;
  }
}

function open(bytes: Uint8Array, maxPixels: number): Sharp {
  return sharp(bytes, {
    failOn: 'warning',
    limitInputPixels: maxPixels,
    limitInputChannels: 4,
    unlimited: false,
    ignoreIcc: true,
    autoOrient: true,
  });
}

async function decode(
  bytes: Uint8Array,
  { maxPixels }: DecodeLimits,
): Promise<DecodedPhoto | { readonly kind: 'too slow' }> {
  try {
    const photo = open(bytes, maxPixels);
    const header = await photo.metadata();
    if (isTooCostly(header, maxPixels)) return UNREADABLE;
    const { data, info } = await photo
      .timeout({ seconds: DECODE_TIMEOUT_SECONDS })
      .resize({ width: MAX_DECODED_SIDE, height: MAX_DECODED_SIDE, fit: 'inside', withoutEnlargement: true })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const image = { width, height, data: channels === 3 ? data : toRgb(data, channels) };
    return { kind: 'image', image, width: header.autoOrient.width, height: header.autoOrient.height };
  } catch (error) {
    // libvips' messages can quote metadata of the file, so they go nowhere.
    return error instanceof Error && /^timeout: /.test(error.message) ? { kind: 'too slow' } : UNREADABLE;
  }
}

function isTooCostly(
  { width, height, pages = 1, isProgressive, channels, depth }: Metadata,
  maxPixels: number,
): boolean {
  const held = isProgressive ? width * height * channels * (depth === 'uchar' ? 1 : 2) : 0;
  return pages > 1 || Math.max(width, height) > MAX_SIDE || held > MAX_HELD_BYTES_PER_PIXEL * maxPixels;
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
