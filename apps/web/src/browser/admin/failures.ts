import type { Refusal } from '../shared/api.js';
import { text } from '../shared/language.js';
import type { TextKey } from '../shared/texts.js';
import type { Unsuccessful } from './desk.js';

const WORDS: Partial<Record<Refusal['code'], TextKey>> = {
  unauthorized: 'token.wrong',
  insufficient_scope: 'failure.forbidden',
  gate_not_allowed: 'failure.forbidden',
  employee_not_found: 'failure.employee',
  employee_erased: 'failure.employee',
  face_not_found: 'failure.face',
  invalid_employee_id: 'failure.id',
  invalid_request: 'failure.id',
  unsupported_image_type: 'failure.image',
  unreadable_image: 'failure.image',
  upload_too_large: 'failure.image',
  overloaded: 'failure.busy',
  rate_limited: 'failure.busy',
  uploads_busy: 'failure.busy',
  expired: 'failure.busy',
  erasure_incomplete: 'failure.erasure',
  store_full: 'failure.full',
};

/** What went wrong, in a sentence. */
export function failureWords(answer: Unsuccessful): string {
  if (answer.kind === 'aborted') return '';
  if (answer.kind === 'unreachable') return text(`failure.${answer.cause}`);
  const { refusal, retryAfterSeconds } = answer;
  const values = { seconds: retryAfterSeconds ?? 1, code: refusal.code === 'unknown' ? refusal.status : refusal.code };
  return text(WORDS[refusal.code] ?? 'failure.other', values);
}
