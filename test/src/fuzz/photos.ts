import sharp from 'sharp';
import { photo } from '../support/client.js';

/** A small portrait of each kind, of the person who is enrolled. */
export async function fuzzPhotos(): Promise<Uint8Array[]> {
  const small = sharp(await photo('person_a_2.jpg')).resize(160);
  return Promise.all([small.jpeg().toBuffer(), small.png({ palette: true }).toBuffer(), small.webp().toBuffer()]);
}
