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
