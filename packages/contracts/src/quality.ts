import { z } from 'zod';

/** What can be wrong with a photo, in the vocabulary of Amazon Rekognition where it has a word. */
export const qualityReasonSchema = z.enum([
  'UNREADABLE_IMAGE',
  'NO_FACE',
  'MULTIPLE_FACES',
  'SMALL_BOUNDING_BOX',
  'LOW_SHARPNESS',
  'LOW_BRIGHTNESS',
  'HIGH_BRIGHTNESS',
  'EXTREME_POSE',
  'LOW_CONFIDENCE',
  'LOW_FACE_QUALITY',
  'CUT_OFF',
  'DIFFERENT_PERSON',
  'LOOKS_LIKE_ANOTHER',
]);
export type QualityReason = z.infer<typeof qualityReasonSchema>;

/** One thing that is wrong with a photo, and what to do about it. */
export const qualityFindingSchema = z.object({
  reason: qualityReasonSchema,
  /** Name of the measure that is out of its limit, if one is. */
  measure: z.string().nullable(),
  value: z.number().nullable(),
  limit: z.number().nullable(),
  /** With `LOOKS_LIKE_ANOTHER`: who the other is. */
  employee_id: z.string().optional(),
  /** A sentence that a person can act on. */
  advice: z.string(),
});
export type QualityFinding = z.infer<typeof qualityFindingSchema>;

/** The measures of a face, as replies tell them; what each is, its unit and its source: docs/quality.md. */
export const faceQualitySchema = z.object({
  face_size: z.number(),
  detection_score: z.number(),
  embedding_norm: z.number(),
  sharpness: z.number(),
  brightness: z.number(),
  contrast: z.number(),
  overexposed: z.number(),
  roll: z.number(),
  yaw: z.number(),
  inside: z.number(),
});
export type WireFaceQuality = z.infer<typeof faceQualitySchema>;

/**
 * From where on a photo is refused as a reference (`min`, `max`) or only warned of (`warn`). Every limit can be set by
 * the environment variable of its name (`QUALITY_MIN_FACE_SIZE` …).
 */
export interface QualityLimits {
  /** √(width · height) of the face in px. */
  readonly minFaceSize: number;
  readonly warnFaceSize: number;
  /** The detector's score, 0 to 1. */
  readonly minDetectionScore: number;
  /** The embedding's length before normalisation. */
  readonly minEmbeddingNorm: number;
  /** Share of the gradients' energy that another blur takes away, 0 to 1. */
  readonly minSharpness: number;
  readonly warnSharpness: number;
  /** Mean luma of the face, 0 to 255. */
  readonly minBrightness: number;
  readonly warnBrightness: number;
  /** 99th − 1st percentile of the luma, 0 to 255. */
  readonly minContrast: number;
  readonly warnContrast: number;
  /** Share of pixels with a luma of at least 250. */
  readonly maxOverexposed: number;
  readonly warnOverexposed: number;
  /** Degrees to either side. */
  readonly maxRoll: number;
  readonly warnRoll: number;
  /** Degrees to either side. */
  readonly maxYaw: number;
  readonly warnYaw: number;
  /** Share of the aligned face that lies in the photo. */
  readonly warnInside: number;
}

/** Each with its reason in docs/quality.md, checked by `npm run experiment:quality`. */
export const DEFAULT_QUALITY_LIMITS: QualityLimits = {
  minFaceSize: 30,
  warnFaceSize: 50,
  minDetectionScore: 0.88,
  minEmbeddingNorm: 10,
  minSharpness: 0.33,
  warnSharpness: 0.4,
  minBrightness: 15,
  warnBrightness: 40,
  minContrast: 20,
  warnContrast: 45,
  maxOverexposed: 0.3,
  warnOverexposed: 0.15,
  maxRoll: 35,
  warnRoll: 20,
  maxYaw: 45,
  warnYaw: 25,
  warnInside: 0.75,
};
