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

/** Why a photo is refused as a reference. */
export const enrolmentReasonSchema = z.enum(['no_face', 'multiple_faces', 'unreadable_image']);
export type EnrolmentReason = z.infer<typeof enrolmentReasonSchema>;

/** What a person can do about a refused reference photo. */
export const ENROLMENT_ADVICE: Readonly<Record<EnrolmentReason, string>> = {
  no_face: 'no face was found; use a portrait of one person who looks at the camera',
  multiple_faces: 'several faces are about equally large; use a portrait of one person',
  unreadable_image: 'not a readable JPEG, PNG or WebP, or too many pixels; export the photo again',
};
