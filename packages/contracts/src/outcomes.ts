import { z } from 'zod';
import { faceLandmarksSchema, facialAreaSchema } from './faces.js';
import { faceQualitySchema, qualityFindingSchema } from './quality.js';
import { reasonSchema } from './reasons.js';

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

/** How good a probe is, and what the person in front of the camera can do about it. */
export const probeQualitySchema = z.object({
  /** Null when there is no face to measure. */
  measures: faceQualitySchema.nullable(),
  /** What would be refused or warned of at enrolment, the worst first. */
  findings: z.array(qualityFindingSchema),
});
export type ProbeQuality = z.infer<typeof probeQualitySchema>;

const referenceDistanceSchema = z.object({ photo: z.string(), distance: z.number() });

const decidedSchema = z.object({
  kind: z.literal('decided'),
  /** Null when verified. */
  reason: reasonSchema.nullable(),
  /** File name of the nearest reference photo, e.g. `face_1.jpg`. */
  reference: z.string().nullable(),
  /** The distance to every reference, the nearest first; empty when there was no face to compare. */
  references: z.array(referenceDistanceSchema),
  quality: probeQualitySchema,
  result: verificationResultSchema,
});

/** What became of one photo of an enrolment. */
export const enrolledPhotoSchema = z.object({
  /** `unchanged`: this very photo is a reference already. */
  status: z.enum(['added', 'replaced', 'unchanged', 'refused']),
  /** File name of the reference photo, e.g. `face_1.jpg`; null when refused. */
  face: z.string().nullable(),
  area: facialAreaSchema.nullable(),
  /** Null when there is no face, or the photo was known already. */
  landmarks: faceLandmarksSchema.nullable(),
  quality: faceQualitySchema.nullable(),
  /** Why it was refused. */
  refusals: z.array(qualityFindingSchema),
  warnings: z.array(qualityFindingSchema),
});
export type EnrolledPhoto = z.infer<typeof enrolledPhotoSchema>;

/** What a worker returns. Mismatch, missing face and unknown employee are outcomes, not failures. */
export const outcomeSchema = z.discriminatedUnion('kind', [
  decidedSchema,
  z.object({ kind: z.literal('enrolled'), photos: z.array(enrolledPhotoSchema) }),
  z.object({
    kind: z.literal('compared'),
    /** Null when both photos show one person. */
    reason: reasonSchema.nullable(),
    distance: z.number().nullable(),
    threshold: z.number(),
    faces: z.array(facialAreaSchema.nullable()),
    qualities: z.array(probeQualitySchema),
    time: z.number(),
  }),
  z.object({
    kind: z.literal('identified'),
    /** Null when there is a candidate. */
    reason: reasonSchema.nullable(),
    /** Everybody within the threshold, the nearest first. */
    candidates: z.array(z.object({ employee_id: z.string(), photo: z.string(), distance: z.number() })),
    threshold: z.number(),
    face: facialAreaSchema.nullable(),
    quality: probeQualitySchema,
    time: z.number(),
  }),
  z.object({
    kind: z.literal('assessed'),
    face: facialAreaSchema.nullable(),
    landmarks: faceLandmarksSchema.nullable(),
    quality: faceQualitySchema.nullable(),
    /** Why the photo is not fit to be a reference, the gravest first. */
    refusals: z.array(qualityFindingSchema),
    warnings: z.array(qualityFindingSchema),
    time: z.number(),
  }),
  z.object({
    kind: z.literal('refused'),
    code: z.enum([
      'employee_not_found',
      'reference_not_found',
      'reference_unusable',
      'employee_erased',
      'verification_locked',
    ]),
  }),
  z.object({ kind: z.literal('expired') }),
]);
export type Outcome = z.infer<typeof outcomeSchema>;
export type OutcomeOf<K extends Outcome['kind']> = Extract<Outcome, { kind: K }>;
