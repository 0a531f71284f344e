import type { ErrorCode } from '@rollcall/contracts';

export interface Expectation {
  /** Of `POST /v1/verifications`, and its code or, of a 200, its reason. */
  readonly verification: readonly [status: number, word: ErrorCode | 'no_face' | null];
  /** Of `POST /recognize_face`, and its reason where it has one. */
  readonly recognition: readonly [status: number, reason?: 'unreadable_image' | 'no_face'];
  /** Of `POST /v1/employees/{id}/faces`. */
  readonly enrolment: number;
}

/** What each kind of file is answered with. */
export const EXPECTATIONS = {
  /** Nothing was uploaded. */
  empty: { verification: [400, 'missing_fields'], recognition: [400], enrolment: 400 },
  /** Larger than MAX_UPLOAD_BYTES. */
  too_large: { verification: [413, 'upload_too_large'], recognition: [413], enrolment: 413 },
  /** Neither JPEG nor PNG nor WebP by the first bytes. */
  foreign: { verification: [415, 'unsupported_image_type'], recognition: [415], enrolment: 415 },
  /** Damaged, too many pixels, animated, or made to cost. */
  unreadable: { verification: [422, 'unreadable_image'], recognition: [400, 'unreadable_image'], enrolment: 422 },
  /** An odd picture, yet a picture. */
  no_face: { verification: [200, 'no_face'], recognition: [400, 'no_face'], enrolment: 422 },
  /** A portrait of person A with something odd in or behind it that does not concern its pixels. */
  portrait: { verification: [200, null], recognition: [200], enrolment: 201 },
} as const satisfies Record<string, Expectation>;

export type Verdict = keyof typeof EXPECTATIONS;
