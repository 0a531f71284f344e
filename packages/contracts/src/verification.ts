import { z } from 'zod';
import { employeeIdSchema } from './employee-id.js';
import { reasonSchema } from './reasons.js';

const pointSchema = z.tuple([z.number(), z.number()]);

/** A face in the pixels of the photo as it is viewed (EXIF orientation applied). Eyes are the person's own left and right. */
export const facialAreaSchema = z.object({
  x: z.number(),
  y: z.number(),
  w: z.number(),
  h: z.number(),
  left_eye: pointSchema,
  right_eye: pointSchema,
});
export type FacialArea = z.infer<typeof facialAreaSchema>;

/** The original endpoint's `verification_result`. `img1` is the probe, `img2` the nearest reference. */
export const verificationResultSchema = z.object({
  verified: z.boolean(),
  /** Cosine distance, 0 to 2, to the nearest reference; null when no face could be compared. */
  distance: z.number().nullable(),
  threshold: z.number(),
  model: z.literal('SFace'),
  detector_backend: z.literal('yunet'),
  similarity_metric: z.literal('cosine'),
  facial_areas: z.object({ img1: facialAreaSchema.nullable(), img2: facialAreaSchema.nullable() }),
  /** Seconds a worker spent on this verification. */
  time: z.number(),
});
export type VerificationResult = z.infer<typeof verificationResultSchema>;

/** Version of the job payload; a worker refuses what it does not know. */
export const VERIFICATION_JOB_VERSION = 1;

/** Which reply the caller speaks: the original endpoint's, or `/v1`. */
export const dialectSchema = z.enum(['original', 'v1']);
export type Dialect = z.infer<typeof dialectSchema>;

/** What crosses the queue to a worker: ids and keys only, never image bytes or embeddings. */
export const verificationJobSchema = z.object({
  version: z.literal(VERIFICATION_JOB_VERSION),
  id: z.uuid(),
  requestId: z.string(),
  employeeId: employeeIdSchema,
  imageKey: z.string(),
  dialect: dialectSchema,
  /** Milliseconds since the epoch. */
  submittedAt: z.number(),
  /** Milliseconds since the epoch; a worker that takes the job later ends it as expired. */
  deadline: z.number(),
});
export type VerificationJob = z.infer<typeof verificationJobSchema>;

/** What a worker returns. Mismatch, missing face and unknown employee are outcomes, not failures. */
export const verificationOutcomeSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('decided'),
    /** Null when verified. */
    reason: reasonSchema.nullable(),
    /** File name of the nearest reference photo, e.g. `face_1.jpg`. */
    reference: z.string().nullable(),
    result: verificationResultSchema,
  }),
  z.object({
    kind: z.literal('refused'),
    code: z.enum(['employee_not_found', 'reference_not_found', 'reference_unusable']),
  }),
  z.object({ kind: z.literal('expired') }),
]);
export type VerificationOutcome = z.infer<typeof verificationOutcomeSchema>;
