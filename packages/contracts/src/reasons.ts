import { z } from 'zod';

/** Why a verification that ran did not say yes. One list for every reply and log line. */
export const reasonSchema = z.enum([
  /** A face was found and no reference is near enough. */
  'not_matched',
  /** No face in the photo. */
  'no_face',
  /** A face was found, too small to be compared with confidence, and it did not match. */
  'face_too_small',
  /** The bytes are no decodable JPEG, PNG or WebP, or the picture has more pixels than is allowed. */
  'unreadable_image',
]);
export type Reason = z.infer<typeof reasonSchema>;
