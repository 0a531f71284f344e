import { writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { photoPath } from './client.js';

const [WIDTH, HEIGHT] = [640, 480];
/** A reader that starts over needs more than one picture. */
const FRAMES = 4;

/** What a camera sees of a person who stands before it, as the concatenated JPEGs that Chromium takes for a camera. */
export async function writeFakeCamera(file: string, portrait: string, height = 400): Promise<void> {
  const person = await sharp(photoPath(portrait)).resize({ height }).toBuffer();
  // A wall in the portrait's own colours.
  const wall = await sharp(photoPath(portrait)).resize(8, 6, { fit: 'fill' }).blur(4).toBuffer();
  const frame = await sharp(wall)
    .resize(WIDTH, HEIGHT, { fit: 'fill' })
    .composite([{ input: person, gravity: 'south' }])
    .jpeg({ quality: 92 })
    .toBuffer();
  await writeFile(file, Buffer.concat(Array.from({ length: FRAMES }, () => frame)));
}
