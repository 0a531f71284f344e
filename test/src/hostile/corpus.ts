import sharp from 'sharp';
import { photo } from '../support/client.js';
import { bytes, noise, u32, u32le, zlibBomb } from './bytes.js';
import { endlessDirectories, exif, orientation, short, thousandTags, thumbnailOutside, tiff } from './exif.js';
import type { Verdict } from './expectations.js';
import { BMP, GIF, HTML, mediaFile, PDF, PHP, SVG, zip } from './foreign.js';
import {
  EOI,
  frame,
  greyJpeg,
  MARKER,
  profileSegments,
  progressiveJpeg,
  restartingJpeg,
  SOI,
  segment,
  withSegments,
} from './jpeg.js';
import { apng, COLOUR, chunk, END, header, PNG_MAGIC, png } from './png.js';
import { animatedWebp, extendedHeader, losslessChunk, losslessWebp, riff } from './webp.js';

export interface HostileFile {
  readonly verdict: Verdict;
  /** For a person. */
  readonly what: string;
  readonly make: () => Uint8Array | Promise<Uint8Array>;
  /** An encoder or compressor is at work, whose next version may write other bytes. */
  readonly varies?: true;
}

/** Of 14 KB, of person A. */
const portrait = () => photo('person_a_1.jpg');
const changed = (change: (photo: Buffer) => Uint8Array) => async () => change(await portrait());
const webpPortrait = async (share: number) => {
  const whole = await sharp(await portrait())
    .webp()
    .toBuffer();
  return whole.subarray(0, Math.floor(whole.length * share));
};

const GREY = { depth: 8, colour: COLOUR.grey } as const;
const BITS = { depth: 1, colour: COLOUR.grey } as const;
const SMALL = { width: 64, height: 64, ...GREY } as const;
const small = () => png(SMALL);
/** Decompresses to far more than any photo. */
const BOMB_BYTES = 200_000_000;
/** Just below 40 megapixels, in whole blocks. */
const SIDE = 6320;
const TEN_MB = 10_000_000;

/** A small PNG with a chunk of metadata. */
const described = (type: string, data: Uint8Array) => png(SMALL, undefined, chunk(type, data));

/** Every hostile file by the name it is uploaded under. */
export const HOSTILE_FILES: Readonly<Record<string, HostileFile>> = {
  'nothing.jpg': { verdict: 'empty', what: 'No bytes', make: () => bytes() },
  'one-byte.jpg': { verdict: 'foreign', what: 'One byte', make: () => bytes(0xff) },
  'upload-limit-plus-one.jpg': {
    verdict: 'too_large',
    what: 'A portrait with zeros behind it, one byte longer than MAX_UPLOAD_BYTES',
    make: changed((jpeg) => bytes(jpeg, Buffer.alloc(10_485_761 - jpeg.length))),
  },

  'svg.jpg': { verdict: 'foreign', what: 'SVG that names a local file', make: () => SVG },
  'tiff.jpg': { verdict: 'foreign', what: 'TIFF', make: () => tiff([[short(0x0100, 1), short(0x0101, 1)]]) },
  'gif.jpg': { verdict: 'foreign', what: 'GIF', make: () => GIF },
  'bmp.jpg': { verdict: 'foreign', what: 'BMP', make: () => BMP },
  'pdf.jpg': { verdict: 'foreign', what: 'PDF', make: () => PDF },
  'html.jpg': { verdict: 'foreign', what: 'HTML with a script', make: () => HTML },
  'zip.jpg': { verdict: 'foreign', what: 'ZIP', make: () => zip('a.php', PHP) },
  'heic.jpg': { verdict: 'foreign', what: 'First box of HEIC', make: () => mediaFile('heic') },
  'avif.jpg': { verdict: 'foreign', what: 'First box of AVIF', make: () => mediaFile('avif') },
  'gif-then-jpeg.jpg': {
    verdict: 'foreign',
    what: 'Header of a GIF, then a whole portrait',
    make: changed((jpeg) => bytes('GIF89a', jpeg)),
  },
  'riff-without-webp.jpg': { verdict: 'foreign', what: 'RIFF, as of WAV', make: () => bytes('RIFF', u32le(4), 'WAVE') },
  'noise-10mb.jpg': { verdict: 'foreign', what: '10 MB of noise', make: () => noise(TEN_MB) },

  'jpeg-magic.jpg': { verdict: 'unreadable', what: 'The first bytes of JPEG', make: () => bytes(SOI, 0xff) },
  'png-magic.jpg': { verdict: 'unreadable', what: 'The first bytes of PNG', make: () => PNG_MAGIC },
  'webp-magic.jpg': { verdict: 'unreadable', what: 'The first bytes of WebP', make: () => riff() },
  'jpeg-then-noise-10mb.jpg': {
    verdict: 'unreadable',
    what: 'The first 600 bytes of a portrait, then 10 MB of noise',
    make: changed((jpeg) => bytes(jpeg.subarray(0, 600), noise(TEN_MB - 600))),
  },
  'jpeg-cut-in-header.jpg': {
    verdict: 'unreadable',
    what: 'The first 200 bytes of a portrait',
    make: changed((jpeg) => jpeg.subarray(0, 200)),
  },
  'jpeg-cut-in-half.jpg': {
    verdict: 'unreadable',
    what: 'The first half of a portrait',
    make: changed((jpeg) => jpeg.subarray(0, jpeg.length / 2)),
  },
  'jpeg-cut-near-end.jpg': {
    verdict: 'unreadable',
    what: 'A portrait but for its last 40 bytes',
    make: changed((jpeg) => jpeg.subarray(0, -40)),
  },
  'jpeg-without-end.jpg': {
    verdict: 'portrait',
    what: 'A portrait but for its end marker: no pixel is missing',
    make: changed((jpeg) => jpeg.subarray(0, -2)),
  },
  'png-cut-in-header.jpg': { verdict: 'unreadable', what: 'PNG cut in IHDR', make: () => small().subarray(0, 20) },
  'png-cut-in-half.jpg': {
    verdict: 'unreadable',
    what: 'PNG cut in its pixels',
    make: () => small().subarray(0, 2000),
  },
  'png-without-end.jpg': {
    verdict: 'no_face',
    what: 'PNG without IEND: no pixel is missing',
    make: () => small().subarray(0, -END.length),
  },
  'webp-cut-in-header.jpg': {
    verdict: 'unreadable',
    what: 'WebP cut in its first chunk',
    make: () => losslessWebp(64, 64).subarray(0, 24),
  },
  'webp-cut-in-half.jpg': {
    verdict: 'unreadable',
    what: 'The first half of a portrait in WebP',
    make: () => webpPortrait(0.5),
    varies: true,
  },
  'webp-cut-near-end.jpg': {
    verdict: 'unreadable',
    what: 'Most of a portrait in WebP',
    make: () => webpPortrait(0.98),
    varies: true,
  },

  'png-bomb.jpg': {
    verdict: 'unreadable',
    what: '30,000 × 30,000 pixels of one colour in PNG',
    make: () => png({ width: 30_000, height: 30_000, ...BITS }, zlibBomb),
    varies: true,
  },
  'jpeg-bomb.jpg': {
    verdict: 'unreadable',
    what: 'JPEG that claims 65,500 × 65,500 pixels and has none',
    make: () => bytes(SOI, frame(MARKER.baseline, 65_500, 65_500, { components: 3 }), EOI),
  },
  'webp-bomb.jpg': {
    verdict: 'unreadable',
    what: '16,384 × 16,384 pixels in 40 bytes of WebP',
    make: () => losslessWebp(16_384, 16_384),
  },
  'webp-canvas-bomb.jpg': {
    verdict: 'unreadable',
    what: 'WebP with a canvas of 2²⁴ × 255 pixels around one pixel',
    make: () => riff(extendedHeader({ width: 16_777_216, height: 255 }), losslessChunk(1, 1)),
  },
  'png-40-megapixels-and-more.jpg': {
    verdict: 'unreadable',
    what: 'PNG of 5,000 × 8,001 pixels, the least of this width above MAX_IMAGE_PIXELS',
    make: () => png({ width: 5000, height: 8001, ...BITS }, zlibBomb),
    varies: true,
  },
  'png-40-megapixels.jpg': {
    verdict: 'no_face',
    what: 'PNG of exactly MAX_IMAGE_PIXELS',
    make: () => png({ width: 5000, height: 8000, ...BITS }, zlibBomb),
    varies: true,
  },
  'png-40-megapixels-interlaced.jpg': {
    verdict: 'unreadable',
    what: 'The same in 16-bit RGBA and interlaced, so that all 320 MB must be held',
    make: () => png({ width: 5000, height: 8000, depth: 16, colour: COLOUR.rgba, interlaced: true }, zlibBomb),
    varies: true,
  },
  'jpeg-40-megapixels.jpg': {
    verdict: 'no_face',
    what: 'JPEG of 39.9 megapixels',
    make: () => greyJpeg(SIDE, SIDE),
    varies: true,
  },
  'webp-40-megapixels.jpg': {
    verdict: 'no_face',
    what: 'WebP of 39.9 megapixels in 40 bytes',
    make: () => losslessWebp(SIDE, SIDE),
  },
  'jpeg-40-megapixels-without-pixels.jpg': {
    verdict: 'unreadable',
    what: 'JPEG of 39.9 megapixels that ends before the first',
    make: () => greyJpeg(SIDE, SIDE).subarray(0, 200),
  },
  'one-column.jpg': {
    verdict: 'unreadable',
    what: 'PNG of 1 × 65,535 pixels',
    make: () => png({ width: 1, height: 65_535, ...BITS }, zlibBomb),
    varies: true,
  },
  'one-row.jpg': {
    verdict: 'unreadable',
    what: 'PNG of 65,535 × 1 pixels',
    make: () => png({ width: 65_535, height: 1, ...BITS }),
  },
  'longest-row.jpg': {
    verdict: 'no_face',
    what: 'PNG of 16,384 × 1 pixels, the longest side that is taken',
    make: () => png({ width: 16_384, height: 1, ...BITS }),
  },
  'longest-column.jpg': {
    verdict: 'no_face',
    what: 'PNG of 1 × 16,384 pixels',
    make: () => png({ width: 1, height: 16_384, ...BITS }),
  },
  'one-pixel.jpg': { verdict: 'no_face', what: 'PNG of one pixel', make: () => png({ width: 1, height: 1, ...GREY }) },
  'png-without-width.jpg': {
    verdict: 'unreadable',
    what: 'PNG of 0 × 64 pixels',
    make: () => bytes(PNG_MAGIC, header({ ...SMALL, width: 0 }), END),
  },
  'png-of-2-31.jpg': {
    verdict: 'unreadable',
    what: 'PNG of 2³¹ × 2³¹ pixels',
    make: () => bytes(PNG_MAGIC, header({ ...SMALL, width: 2 ** 31, height: 2 ** 31 }), END),
  },
  'jpeg-without-width.jpg': {
    verdict: 'unreadable',
    what: 'JPEG of 0 × 64 pixels',
    make: () => bytes(SOI, frame(MARKER.baseline, 0, 64), EOI),
  },

  'animated-webp.jpg': {
    verdict: 'unreadable',
    what: 'WebP with two frames',
    make: () => animatedWebp({ width: 64, height: 64 }, 2),
  },
  'animated-webp-1000.jpg': {
    verdict: 'unreadable',
    what: 'WebP with a thousand frames of 39.9 megapixels',
    make: () => animatedWebp({ width: SIDE, height: SIDE }, 1000),
  },
  'apng.jpg': { verdict: 'no_face', what: 'APNG; its still image counts', make: () => apng(SMALL) },

  'jpeg-cmyk.jpg': {
    verdict: 'portrait',
    what: 'A portrait in CMYK',
    make: async () =>
      sharp(await portrait())
        .toColourspace('cmyk')
        .jpeg({ quality: 95 })
        .toBuffer(),
    varies: true,
  },
  'jpeg-5-components.jpg': {
    verdict: 'unreadable',
    what: 'JPEG with five components',
    make: () => bytes(SOI, frame(MARKER.baseline, 64, 64, { components: 5 }), EOI),
  },
  'jpeg-12-bit.jpg': {
    verdict: 'unreadable',
    what: 'Header of a JPEG of 12 bits',
    make: () => bytes(SOI, frame(0xc1, 64, 64, { precision: 12 }), EOI),
  },
  'jpeg-lossless.jpg': {
    verdict: 'unreadable',
    what: 'Header of a lossless JPEG',
    make: () => bytes(SOI, frame(MARKER.lossless, 64, 64), EOI),
  },
  'jpeg-arithmetic.jpg': {
    verdict: 'unreadable',
    what: 'Header of an arithmetically coded JPEG',
    make: () => bytes(SOI, frame(MARKER.arithmetic, 64, 64), EOI),
  },
  'jpeg-restarts.jpg': {
    verdict: 'no_face',
    what: 'JPEG of 39.9 megapixels with 624,100 restart markers, one after every block',
    make: () => restartingJpeg(SIDE, SIDE),
  },
  'jpeg-only-restarts.jpg': {
    verdict: 'unreadable',
    what: 'The first half of a portrait, then a million restart markers',
    make: changed((jpeg) => bytes(jpeg.subarray(0, jpeg.length / 2), Buffer.alloc(2_000_000, bytes(0xff, 0xd3)))),
  },
  'jpeg-comments.jpg': {
    verdict: 'portrait',
    what: 'A portrait with 60,000 empty comments',
    make: changed((jpeg) => withSegments(jpeg, Buffer.alloc(60_000 * 4, segment(MARKER.comment, bytes())))),
  },
  'jpeg-64-scans.jpg': {
    verdict: 'no_face',
    what: 'Progressive JPEG of 39.9 megapixels with 64 scans, the most that are taken',
    make: () => progressiveJpeg(SIDE, SIDE, 63),
  },
  'jpeg-300-scans.jpg': {
    verdict: 'unreadable',
    what: 'Progressive JPEG with 301 scans',
    make: () => progressiveJpeg(640, 640, 300),
  },
  'jpeg-100000-scans.jpg': {
    verdict: 'unreadable',
    what: 'Progressive JPEG of 39.9 megapixels with 100,001 scans, which would decode for minutes',
    make: () => progressiveJpeg(SIDE, SIDE, 100_000),
  },

  'exif-orientation-9.jpg': {
    verdict: 'portrait',
    what: 'A portrait with EXIF orientation 9, which does not exist',
    make: changed((jpeg) => withSegments(jpeg, orientation(9))),
  },
  'exif-orientation-255.jpg': {
    verdict: 'portrait',
    what: 'A portrait with EXIF orientation 255',
    make: changed((jpeg) => withSegments(jpeg, orientation(255))),
  },
  'exif-thousand-tags.jpg': {
    verdict: 'portrait',
    what: 'A portrait with a thousand EXIF tags of 16 MiB that are not there',
    make: changed((jpeg) => withSegments(jpeg, thousandTags())),
  },
  'exif-thumbnail-outside.jpg': {
    verdict: 'portrait',
    what: 'A portrait whose EXIF thumbnail lies beyond the file',
    make: changed((jpeg) => withSegments(jpeg, thumbnailOutside())),
  },
  'exif-endless.jpg': {
    verdict: 'portrait',
    what: 'A portrait whose EXIF directory is followed by itself',
    make: changed((jpeg) => withSegments(jpeg, endlessDirectories())),
  },
  'exif-empty.jpg': {
    verdict: 'portrait',
    what: 'A portrait with an EXIF directory of no tags',
    make: changed((jpeg) => withSegments(jpeg, exif([[]]))),
  },
  'jpeg-profile.jpg': {
    verdict: 'portrait',
    what: 'A portrait with a colour profile of 9 MB of noise',
    make: changed((jpeg) => withSegments(jpeg, ...profileSegments(noise(9_000_000)))),
  },
  'png-profile-bomb.jpg': {
    verdict: 'no_face',
    what: 'PNG whose colour profile (iCCP) decompresses to 200 MB, which is left undone',
    make: () => described('iCCP', bytes('icc\0', 0, zlibBomb(BOMB_BYTES))),
    varies: true,
  },
  'png-ztxt-bomb.jpg': {
    verdict: 'no_face',
    what: 'PNG whose text (zTXt) decompresses to 200 MB, which is left undone',
    make: () => described('zTXt', bytes('Comment\0', 0, zlibBomb(BOMB_BYTES))),
    varies: true,
  },
  'png-itxt-bomb.jpg': {
    verdict: 'no_face',
    what: 'PNG whose text (iTXt) decompresses to 200 MB, which is left undone',
    make: () => described('iTXt', bytes('XML:com.adobe.xmp\0', 1, 0, 0, 0, zlibBomb(BOMB_BYTES))),
    varies: true,
  },
  'png-10000-texts.jpg': {
    verdict: 'no_face',
    what: 'PNG with 10,000 texts',
    make: () =>
      png(SMALL, undefined, Buffer.concat(Array.from({ length: 10_000 }, () => chunk('tEXt', bytes('k\0v'))))),
  },
  'png-bad-crc.jpg': {
    verdict: 'unreadable',
    what: 'PNG with a wrong check sum in IHDR',
    make: () => {
      const file = small();
      file.writeUInt32BE(0, PNG_MAGIC.length + 4 + 4 + 13);
      return file;
    },
  },
  'png-bad-adler.jpg': {
    verdict: 'unreadable',
    what: 'PNG with a wrong check sum of its pixels, and right ones of its chunks',
    make: () =>
      png(SMALL, (length) => {
        const stored = bytes(0x78, 0x01, 1, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff);
        return bytes(stored, Buffer.alloc(length), u32(0xdeadbeef));
      }),
  },
  'png-without-palette.jpg': {
    verdict: 'unreadable',
    what: 'Palette PNG without a palette',
    make: () => png({ ...SMALL, colour: COLOUR.palette }),
  },

  'jpeg-and-zip.jpg': {
    verdict: 'portrait',
    what: 'A portrait that is a ZIP as well',
    make: changed((jpeg) => bytes(jpeg, zip('a.php', PHP))),
  },
  'jpeg-and-html.jpg': {
    verdict: 'portrait',
    what: 'A portrait with a script in a comment',
    make: changed((jpeg) => withSegments(jpeg, segment(MARKER.comment, HTML))),
  },
  'png-and-php.jpg': {
    verdict: 'no_face',
    what: 'PNG with a PHP script in a text',
    make: () => described('tEXt', bytes('Comment\0', PHP)),
  },
  'portrait-and-9mb.jpg': {
    verdict: 'portrait',
    what: 'A portrait with 9 MB of noise behind it',
    make: changed((jpeg) => bytes(jpeg, noise(9_000_000))),
  },
};
