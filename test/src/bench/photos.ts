import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { photoPath } from '../support/client.js';

/** Two sizes that gate terminals send: a thumbnail and a VGA frame, of the same person as the reference. Their paths. */
export async function makePhotos(folder: string): Promise<string[]> {
  const sizes = [
    ['person_a_1.jpg', 250, 250],
    ['person_a_2.jpg', 640, 480],
  ] as const;
  return Promise.all(
    sizes.map(async ([name, width, height]) => {
      const path = join(folder, `${width}x${height}.jpg`);
      await sharp(photoPath(name))
        .resize(width, height, { fit: 'contain', background: '#777' })
        .jpeg({ quality: 90 })
        .toFile(path);
      return path;
    }),
  );
}

const PHONE = { width: 4000, height: 3000 };
/** EXIF: turn it by 90° to look at it, as a phone that is held upright writes. */
const HELD_UPRIGHT = 6;

/**
 * A photo as a phone takes it: 12 megapixels, held upright, the face about 40 % of its width, with a sensor's noise, so that it
 * is as long a file as such photos are (3 to 5 MB).
 */
export async function makePhonePhoto(folder: string): Promise<{ path: string; bytes: number }> {
  const path = join(folder, 'phone.jpg');
  const { width, height } = PHONE;
  const turned = { width: height, height: width };
  const backdrop = await sharp(photoPath('person_a_2.jpg'))
    .resize({ ...turned, fit: 'cover' })
    .blur(60)
    .toBuffer();
  const person = await sharp(photoPath('person_a_2.jpg'))
    .resize({ width: Math.round(0.75 * turned.width) })
    .toBuffer();
  const noise = await sharp({
    create: { ...turned, channels: 3, background: '#808080', noise: { type: 'gaussian', mean: 128, sigma: 17 } },
  })
    .png({ compressionLevel: 1 })
    .toBuffer();
  const upright = await sharp(backdrop)
    .composite([
      { input: person, gravity: 'south' },
      { input: noise, blend: 'overlay' },
    ])
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  await sharp(upright.data, { raw: { ...turned, channels: 3 } })
    .rotate(-90)
    .withMetadata({ orientation: HELD_UPRIGHT })
    .jpeg({ quality: 92, chromaSubsampling: '4:2:0' })
    .toFile(path);
  return { path, bytes: (await stat(path)).size };
}
