import type { QualityFinding } from '@rollcall/contracts';
import type { TextKey } from './texts.js';

const ADVICE: Readonly<Record<QualityFinding['reason'], TextKey>> = {
  UNREADABLE_IMAGE: 'advice.unreadable',
  NO_FACE: 'advice.noFace',
  MULTIPLE_FACES: 'advice.multipleFaces',
  SMALL_BOUNDING_BOX: 'advice.small',
  LOW_SHARPNESS: 'advice.blurred',
  LOW_BRIGHTNESS: 'advice.dark',
  HIGH_BRIGHTNESS: 'advice.bright',
  EXTREME_POSE: 'advice.turned',
  LOW_CONFIDENCE: 'advice.covered',
  LOW_FACE_QUALITY: 'advice.poor',
  CUT_OFF: 'advice.cutOff',
  DIFFERENT_PERSON: 'advice.differentPerson',
  LOOKS_LIKE_ANOTHER: 'advice.lookalike',
};

const REASONS: Readonly<Record<QualityFinding['reason'], TextKey>> = {
  UNREADABLE_IMAGE: 'reason.unreadable',
  NO_FACE: 'reason.noFace',
  MULTIPLE_FACES: 'reason.multipleFaces',
  SMALL_BOUNDING_BOX: 'reason.small',
  LOW_SHARPNESS: 'reason.blurred',
  LOW_BRIGHTNESS: 'reason.dark',
  HIGH_BRIGHTNESS: 'reason.bright',
  EXTREME_POSE: 'reason.turned',
  LOW_CONFIDENCE: 'reason.covered',
  LOW_FACE_QUALITY: 'reason.poor',
  CUT_OFF: 'reason.cutOff',
  DIFFERENT_PERSON: 'reason.differentPerson',
  LOOKS_LIKE_ANOTHER: 'reason.lookalike',
};

/** What to do about it. */
export function adviceKey({ reason, measure }: Pick<QualityFinding, 'reason' | 'measure'>): TextKey {
  return reason === 'EXTREME_POSE' && measure === 'roll' ? 'advice.tilted' : (ADVICE[reason] ?? 'advice.poor');
}

/** What is wrong, in two or three words. */
export function reasonKey({ reason, measure }: Pick<QualityFinding, 'reason' | 'measure'>): TextKey {
  return reason === 'EXTREME_POSE' && measure === 'roll' ? 'reason.tilted' : (REASONS[reason] ?? 'reason.poor');
}
