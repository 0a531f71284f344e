import { z } from 'zod';
import { type Job, jobSchema } from './jobs.js';

/**
 * An upload in the store: the photo, then what its job is, so that the job can be made again when Redis has lost it. Readers
 * of photos ignore what follows a photo's end, so the object still shows it.
 *
 *     photo | JSON of the job | length of the JSON (4 bytes, big-endian) | "RCJ1"
 */
const MAGIC = [0x52, 0x43, 0x4a, 0x31];
const TRAILER_BYTES = 8;

/** The object to store for the first photo of a job; the others are stored as they are. */
export function sealUpload(photo: Uint8Array, job: Job): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(job));
  const sealed = new Uint8Array(photo.length + json.length + TRAILER_BYTES);
  sealed.set(photo);
  sealed.set(json, photo.length);
  new DataView(sealed.buffer).setUint32(photo.length + json.length, json.length);
  sealed.set(MAGIC, sealed.length - MAGIC.length);
  return sealed;
}

/** The photo, and its job if the object tells one that this version understands. */
export function openUpload(object: Uint8Array): { readonly photo: Uint8Array; readonly job: Job | undefined } {
  const end = object.length - TRAILER_BYTES;
  if (end < 0 || !MAGIC.every((byte, index) => object[end + 4 + index] === byte))
    return { photo: object, job: undefined };
  const length = new DataView(object.buffer, object.byteOffset, object.byteLength).getUint32(end);
  if (length > end) return { photo: object, job: undefined };
  return { photo: object.subarray(0, end - length), job: parse(object.subarray(end - length, end)) };
}

const json = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue({ code: 'custom', message: 'no JSON' });
    return z.NEVER;
  }
});

function parse(bytes: Uint8Array): Job | undefined {
  return json.pipe(jobSchema).safeParse(new TextDecoder().decode(bytes)).data;
}
