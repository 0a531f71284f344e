import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { cropToJpeg, type DecodedPhoto, decodePhoto } from './decode.js';

const LIMITS = { maxPixels: 40_000_000 };

// Importing the module under test shuts every loader but three, so other formats are written here, never read.
const fixture = (name: string) => readFileSync(new URL(`../../../test/fixtures/${name}`, import.meta.url));
const portrait = fixture('photos/person_a_1.jpg');

/** Left half red, right half blue. */
const TWO_TONE = { width: 64, height: 32 };
function twoTone(): Sharp {
  const { width, height } = TWO_TONE;
  const data = Buffer.alloc(width * height * 3);
  for (let i = 0; i < width * height; i++) data.set(i % width < width / 2 ? [220, 30, 30] : [30, 30, 220], i * 3);
  return sharp(data, { raw: { width, height, channels: 3 } });
}

function colourAt(decoded: DecodedPhoto, x: number, y: number): number[] {
  if (decoded.kind !== 'image') throw new Error('not decoded');
  const { data, width } = decoded.image;
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

function expectNear(actual: number[], expected: number[], tolerance = 12): void {
  for (const [index, value] of actual.entries())
    expect(Math.abs(value - (expected[index] ?? 0))).toBeLessThan(tolerance);
}

describe('decodePhoto', () => {
  it.each([
    ['JPEG', () => twoTone().jpeg({ quality: 95 }).toBuffer()],
    ['PNG', () => twoTone().png().toBuffer()],
    ['palette PNG', () => twoTone().png({ palette: true }).toBuffer()],
    ['WebP', () => twoTone().webp({ quality: 95 }).toBuffer()],
    ['16-bit PNG', () => twoTone().toColourspace('rgb16').png().toBuffer()],
    ['opaque RGBA PNG', () => twoTone().ensureAlpha().png().toBuffer()],
    ['interlaced PNG', () => twoTone().png({ progressive: true }).toBuffer()],
    ['progressive JPEG', () => twoTone().jpeg({ quality: 95, progressive: true }).toBuffer()],
  ])('reads %s', async (_name, make) => {
    const decoded = await decodePhoto(await make(), LIMITS);
    expect(decoded).toMatchObject({ kind: 'image', ...TWO_TONE });
    expectNear(colourAt(decoded, 5, 5), [220, 30, 30]);
    expectNear(colourAt(decoded, 60, 30), [30, 30, 220]);
  });

  it('reads CMYK JPEG in roughly its colours', async () => {
    const decoded = await decodePhoto(await twoTone().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer(), LIMITS);
    const [red, , blue] = colourAt(decoded, 5, 5);
    expect(red).toBeGreaterThan(2 * (blue ?? 0));
  });

  it('pays no heed to colour profiles', async () => {
    const foreign = await twoTone().withIccProfile('p3').png().toBuffer();
    const { data } = await sharp(foreign, { ignoreIcc: true }).raw().toBuffer({ resolveWithObject: true });
    expect(colourAt(await decodePhoto(foreign, LIMITS), 5, 5)).toEqual([...data.subarray(0, 3)]);
    expectNear([...data.subarray(0, 3)], [220, 30, 30], 40);
  });

  it.each(['jpeg', 'png', 'webp'] as const)('reads grey %s as three equal channels', async (format) => {
    const grey = await twoTone().greyscale().toFormat(format, { quality: 95 }).toBuffer();
    const decoded = await decodePhoto(grey, LIMITS);
    const [red = 0, green, blue] = colourAt(decoded, 5, 5);
    expectNear([green ?? 0, blue ?? 0], [red, red], 2);
    expect(decoded.kind === 'image' && decoded.image.data.length).toBe(64 * 32 * 3);
  });

  it.each<[string, (clear: Sharp) => Sharp]>([
    ['RGBA PNG', (clear) => clear.png()],
    ['palette PNG', (clear) => clear.png({ palette: true })],
    ['grey PNG', (clear) => clear.greyscale().png()],
    ['16-bit PNG', (clear) => clear.toColourspace('rgb16').png()],
    ['WebP', (clear) => clear.webp({ lossless: true })],
  ])('lays transparency of %s on grey', async (_name, encode) => {
    const clear = sharp({
      create: { width: 16, height: 16, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0 } },
    });
    expectNear(colourAt(await decodePhoto(await encode(clear).toBuffer(), LIMITS), 8, 8), [128, 128, 128], 2);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('turns EXIF orientation %d upright', async (orientation) => {
    const decoded = await decodePhoto(
      await twoTone().withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer(),
      LIMITS,
    );
    const { width, height } = orientation > 4 ? { width: 32, height: 64 } : TWO_TONE;
    expect(decoded).toMatchObject({ kind: 'image', width, height });
    // Where the red half of the stored picture is seen: EXIF 2.3, tag 0x0112.
    const [x, y] = [
      [0, 0],
      [5, 5],
      [60, 5],
      [60, 5],
      [5, 5],
      [5, 5],
      [5, 5],
      [5, 60],
      [5, 60],
    ][orientation] as [number, number];
    expectNear(colourAt(decoded, x, y), [220, 30, 30]);
  });

  it('shrinks to 1,024 px and tells the true size', async () => {
    const large = await sharp(portrait)
      .resize(3000, 2000, { fit: 'fill' })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const decoded = await decodePhoto(large, LIMITS);
    expect(decoded).toMatchObject({ kind: 'image', width: 2000, height: 3000, image: { height: 1024 } });
  });

  it.each<[string, () => Uint8Array | Promise<Uint8Array>]>([
    ['nothing', () => new Uint8Array()],
    ['noise', () => randomBytes(5000)],
    ['a JPEG header and noise', () => Buffer.concat([portrait.subarray(0, 600), randomBytes(5000)])],
    ['a truncated JPEG', () => portrait.subarray(0, portrait.length / 2)],
    ['a truncated PNG', async () => (await twoTone().png().toBuffer()).subarray(0, 90)],
    ['a truncated WebP', async () => (await twoTone().webp().toBuffer()).subarray(0, 60)],
    [
      'SVG',
      () =>
        Buffer.from(
          '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="9" height="9"/></svg>',
        ),
    ],
    ['TIFF', () => twoTone().tiff().toBuffer()],
    ['GIF', () => twoTone().gif().toBuffer()],
    ['AVIF', () => twoTone().avif().toBuffer()],
  ])('finds %s unreadable', async (_name, make) => {
    expect(await decodePhoto(await make(), LIMITS)).toEqual({ kind: 'unreadable' });
  });

  it.each([
    'exif-orientation-9.jpg',
    'exif-orientation-255.jpg',
    'exif-thousand-tags.jpg',
    'jpeg-without-end.jpg',
    'jpeg-and-zip.jpg',
  ])('reads the portrait in %s', async (name) => {
    const { width, height } = await sharp(portrait).metadata();
    expect(await decodePhoto(fixture(`hostile/${name}`), LIMITS)).toMatchObject({ kind: 'image', width, height });
  });

  it('takes the still image of an APNG, and an animated WebP for none', async () => {
    expect(await decodePhoto(fixture('hostile/apng.jpg'), LIMITS)).toMatchObject({ kind: 'image', width: 64 });
    expect(await decodePhoto(fixture('hostile/animated-webp.jpg'), LIMITS)).toEqual({ kind: 'unreadable' });
  });

  it('takes sides of up to 16,384 px', async () => {
    expect(await decodePhoto(fixture('hostile/longest-row.jpg'), LIMITS)).toMatchObject({
      kind: 'image',
      width: 16_384,
    });
    expect(await decodePhoto(fixture('hostile/longest-column.jpg'), LIMITS)).toMatchObject({ height: 16_384 });
    expect(await decodePhoto(fixture('hostile/one-row.jpg'), LIMITS)).toEqual({ kind: 'unreadable' });
  });

  it('takes no JPEG of hundreds of scans, and counts only what is one', async () => {
    expect(await decodePhoto(fixture('hostile/jpeg-300-scans.jpg'), LIMITS)).toEqual({ kind: 'unreadable' });
    const scans = Buffer.alloc(2000, Buffer.of(0xff, 0xda));
    const comment = Buffer.concat([Buffer.of(0xff, 0xfe, 0x07, 0xd2), scans]);
    const file = Buffer.concat([portrait.subarray(0, 2), comment, portrait.subarray(2), scans]);
    expect(await decodePhoto(file, LIMITS)).toMatchObject({ kind: 'image' });
  });

  it('does not hold more than RGBA of all allowed pixels for an interlaced PNG', async () => {
    const wide = () => twoTone().toColourspace('rgb16').ensureAlpha();
    const pixels = TWO_TONE.width * TWO_TONE.height;
    const interlaced = await wide().png({ progressive: true }).toBuffer();
    expect(await decodePhoto(interlaced, { maxPixels: pixels })).toEqual({ kind: 'unreadable' });
    expect(await decodePhoto(interlaced, { maxPixels: 2 * pixels })).toMatchObject({ kind: 'image' });
    expect(await decodePhoto(await wide().png().toBuffer(), { maxPixels: pixels })).toMatchObject({ kind: 'image' });
  });

  it('refuses more pixels than allowed before decoding them', async () => {
    const bomb = await sharp({ create: { width: 9000, height: 9000, channels: 3, background: '#fff' } })
      .png()
      .toBuffer();
    expect(bomb.length).toBeLessThan(500_000);
    expect(await decodePhoto(bomb, LIMITS)).toEqual({ kind: 'unreadable' });
    expect(await decodePhoto(portrait, { maxPixels: 100 })).toEqual({ kind: 'unreadable' });
  });
});

describe('cropToJpeg', () => {
  const RIGHT_HALF = { x: 32, y: 0, w: 32, h: 32 };

  it('cuts an area out of the photo as it is viewed', async () => {
    const upright = await twoTone().jpeg({ quality: 95 }).toBuffer();
    const crop = await cropToJpeg(upright, RIGHT_HALF, 16, LIMITS);
    const decoded = await decodePhoto(crop ?? new Uint8Array(), LIMITS);
    expect(decoded).toMatchObject({ width: 16, height: 16 });
    expectNear(colourAt(decoded, 8, 8), [30, 30, 220], 20);

    // Orientation 3 turns it upside down, so red is on the right.
    const turned = await twoTone().withMetadata({ orientation: 3 }).jpeg({ quality: 95 }).toBuffer();
    const other = await cropToJpeg(turned, RIGHT_HALF, 16, LIMITS);
    expectNear(colourAt(await decodePhoto(other ?? new Uint8Array(), LIMITS), 8, 8), [220, 30, 30], 20);
  });

  it('leaves out what is not in the photo', async () => {
    const png = await twoTone().png().toBuffer();
    const crop = await cropToJpeg(png, { x: 48, y: -10, w: 100, h: 100 }, 32, LIMITS);
    expect(await decodePhoto(crop ?? new Uint8Array(), LIMITS)).toMatchObject({ width: 16, height: 32 });
    expect(await cropToJpeg(png, { x: 100, y: 100, w: 10, h: 10 }, 32, LIMITS)).toBeUndefined();
    expect(await cropToJpeg(png.subarray(0, 60), RIGHT_HALF, 32, LIMITS)).toBeUndefined();
    expect(await cropToJpeg(png, RIGHT_HALF, 32, { maxPixels: 100 })).toBeUndefined();
  });
});
