import type { QualityFinding, QualityLimits, QualityReason, WireFaceQuality } from '@rollcall/contracts';
import type { FaceQuality, PhotoAnalysis } from '@rollcall/face-core';

export { DEFAULT_QUALITY_LIMITS, type QualityLimits } from '@rollcall/contracts';

/** What is wrong with a photo, the gravest first. */
export interface Assessment {
  /** The photo must not become a reference. */
  readonly refusals: QualityFinding[];
  /** It may, but a better one would serve its owner better. */
  readonly warnings: QualityFinding[];
}

/** A measure that must stay on one side of its limits. */
interface Rule {
  readonly reason: QualityReason;
  readonly measure: keyof WireFaceQuality;
  /** On which side of the limit a photo is at fault; angles count to either side. */
  readonly fault: 'below' | 'above';
  readonly refusal?: keyof QualityLimits;
  readonly warning?: keyof QualityLimits;
  readonly advice: string;
}

/** In the order in which people are told: what they can mend most easily comes before what only follows from it. */
const RULES: readonly Rule[] = [
  {
    reason: 'SMALL_BOUNDING_BOX',
    measure: 'face_size',
    fault: 'below',
    refusal: 'minFaceSize',
    warning: 'warnFaceSize',
    advice: 'Come closer to the camera, so that the face fills more of the photo.',
  },
  {
    reason: 'EXTREME_POSE',
    measure: 'yaw',
    fault: 'above',
    refusal: 'maxYaw',
    warning: 'warnYaw',
    advice: 'Turn towards the camera, and let nothing cover one side of the face.',
  },
  {
    reason: 'EXTREME_POSE',
    measure: 'roll',
    fault: 'above',
    refusal: 'maxRoll',
    warning: 'warnRoll',
    advice: 'Hold head and camera upright.',
  },
  {
    reason: 'LOW_BRIGHTNESS',
    measure: 'brightness',
    fault: 'below',
    refusal: 'minBrightness',
    warning: 'warnBrightness',
    advice: 'Put more light on the face.',
  },
  {
    reason: 'HIGH_BRIGHTNESS',
    measure: 'overexposed',
    fault: 'above',
    refusal: 'maxOverexposed',
    warning: 'warnOverexposed',
    advice: 'Take away the glare: no lamp or sun straight on the face, or a shorter exposure.',
  },
  {
    reason: 'LOW_SHARPNESS',
    measure: 'sharpness',
    fault: 'below',
    refusal: 'minSharpness',
    warning: 'warnSharpness',
    advice: 'Hold still and let the camera focus on the face.',
  },
  {
    reason: 'LOW_FACE_QUALITY',
    measure: 'contrast',
    fault: 'below',
    refusal: 'minContrast',
    warning: 'warnContrast',
    advice: 'Light the face better: its features hardly stand out.',
  },
  {
    reason: 'LOW_CONFIDENCE',
    measure: 'detection_score',
    fault: 'below',
    refusal: 'minDetectionScore',
    advice: 'Uncover the whole face and look straight into the camera.',
  },
  {
    reason: 'LOW_FACE_QUALITY',
    measure: 'embedding_norm',
    fault: 'below',
    refusal: 'minEmbeddingNorm',
    advice: 'Take a sharp, evenly lit photo of the whole face; this one shows too little to tell people apart.',
  },
  {
    reason: 'CUT_OFF',
    measure: 'inside',
    fault: 'below',
    warning: 'warnInside',
    advice: 'Leave some room around the face.',
  },
];

/** Photos of which no single face was measured. */
const NOTHING_TO_MEASURE = {
  unreadable: without(
    'UNREADABLE_IMAGE',
    'Send a readable JPEG, PNG or WebP that is not too large; export the photo again.',
  ),
  no_face: without('NO_FACE', 'Use a portrait of one person who looks at the camera.'),
  ambiguous: without('MULTIPLE_FACES', 'Use a portrait of one person: several faces are about equally large.'),
};

const LANDMARK_CUT_OFF = without('CUT_OFF', 'Show the whole face: eyes, nose and mouth must be in the photo.');

/**
 * Whether a photo may become a reference, and why not. A photo with several comparable faces is not judged further, for
 * nobody can say whose face the measures describe.
 */
export function assess(analysis: PhotoAnalysis, limits: QualityLimits): Assessment {
  if (analysis.kind !== 'face') return { refusals: [NOTHING_TO_MEASURE[analysis.kind]], warnings: [] };
  if (analysis.ambiguous) return { refusals: [NOTHING_TO_MEASURE.ambiguous], warnings: [] };

  const { quality } = analysis.face;
  // Judged as it is told, so that no reply shows a value that equals its limit and was refused.
  const measures = toWireQuality(quality);
  const refusals: QualityFinding[] = [];
  const warnings: QualityFinding[] = [];
  for (const rule of RULES) {
    const refusal = check(rule, rule.refusal, measures, limits);
    const warning = refusal ? undefined : check(rule, rule.warning, measures, limits);
    if (refusal) refusals.push(refusal);
    if (warning) warnings.push(warning);
  }
  if (!quality.landmarksInside) warnings.push(LANDMARK_CUT_OFF);
  return { refusals, warnings };
}

/** The measures as replies tell them: no more digits than mean something. */
export function toWireQuality(quality: FaceQuality): WireFaceQuality {
  return {
    face_size: round(quality.faceSize, 0),
    detection_score: round(quality.detectionScore, 3),
    embedding_norm: round(quality.embeddingNorm, 2),
    sharpness: round(quality.sharpness, 3),
    brightness: round(quality.brightness, 0),
    contrast: round(quality.contrast, 0),
    overexposed: round(quality.overexposed, 3),
    roll: round(quality.roll, 1),
    yaw: round(quality.yaw, 1),
    inside: round(quality.inside, 3),
  };
}

/** The finding when the measure is on the wrong side of `limit`. */
function check(
  { reason, measure, fault, advice }: Rule,
  limit: keyof QualityLimits | undefined,
  measures: WireFaceQuality,
  limits: QualityLimits,
): QualityFinding | undefined {
  if (limit === undefined) return undefined;
  const value = measures[measure];
  const isAtFault = fault === 'below' ? value < limits[limit] : Math.abs(value) > limits[limit];
  return isAtFault ? { reason, measure, value, limit: limits[limit], advice } : undefined;
}

function without(reason: QualityReason, advice: string): QualityFinding {
  return { reason, measure: null, value: null, limit: null, advice };
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
