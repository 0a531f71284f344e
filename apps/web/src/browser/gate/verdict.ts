import type { IdentificationReply, QualityFinding, Reason, VerificationReply } from '@rollcall/contracts';
import { type Answer, needsNewKey, type Refusal } from '../shared/api.js';
import { adviceKey } from '../shared/findings.js';
import type { Values } from '../shared/language.js';
import type { TextKey } from '../shared/texts.js';

/** What the person at the gate is told, as texts still to be put into a language. */
export interface Verdict {
  /** Colour, icon and sound. `attention`: neither yes nor no; something can be mended. */
  readonly tone: 'yes' | 'no' | 'attention';
  readonly title: TextKey;
  readonly detail: TextKey | null;
  readonly values: Values;
  /** Whom it is about, in large letters. */
  readonly employeeId: string | null;
}

/** Why there is no verdict. */
export interface Trouble {
  readonly title: TextKey;
  readonly detail: TextKey;
  readonly values: Values;
  /** Whether to send the same photo again can help. */
  readonly canRetry: boolean;
  /** Whether that needs a new key. */
  readonly needsNewKey: boolean;
  /** When the service asked to be asked again. */
  readonly retryAfterSeconds: number | null;
  /** `token`: it needs another access token. */
  readonly needs: 'token' | null;
}

export function verdictOf(body: VerificationReply | IdentificationReply): Verdict {
  const { reason, quality } = body;
  const isVerified = 'candidates' in body ? body.candidates.length > 0 : body.verified;
  const employeeId = 'candidates' in body ? (body.candidates[0]?.employee_id ?? null) : body.employee_id;
  if (isVerified) return { tone: 'yes', title: 'verdict.yes', detail: null, values: {}, employeeId };
  const [title, detail] = DENIALS[reason ?? 'not_matched'];
  const advice = reason === 'not_matched' ? adviceOf(quality.findings) : null;
  return {
    tone: reason === 'not_matched' ? 'no' : 'attention',
    title,
    detail: advice ?? detail,
    values: {},
    employeeId,
  };
}

const DENIALS: Readonly<Record<Reason, readonly [TextKey, TextKey]>> = {
  not_matched: ['verdict.no', 'verdict.no.detail'],
  no_face: ['verdict.noFace', 'verdict.noFace.detail'],
  face_too_small: ['verdict.tooSmall', 'verdict.tooSmall.detail'],
  unreadable_image: ['verdict.unreadable', 'verdict.unreadable.detail'],
};

function adviceOf(findings: readonly QualityFinding[]): TextKey | null {
  const [worst] = findings;
  return worst ? adviceKey(worst) : null;
}

/** Refusals that are an answer to the person, not a trouble of the gate. */
const VERDICTS: Partial<Record<Refusal['code'], Pick<Verdict, 'tone' | 'title' | 'detail'>>> = {
  employee_not_found: { tone: 'no', title: 'verdict.unknown', detail: 'verdict.unknown.detail' },
  employee_erased: { tone: 'no', title: 'verdict.unknown', detail: 'verdict.unknown.detail' },
  reference_not_found: { tone: 'no', title: 'verdict.noReference', detail: 'verdict.noReference.detail' },
  reference_unusable: { tone: 'no', title: 'verdict.noReference', detail: 'verdict.noReference.detail' },
  invalid_employee_id: { tone: 'attention', title: 'verdict.badId', detail: 'verdict.badId.detail' },
  no_face: { tone: 'attention', title: 'verdict.noFace', detail: 'verdict.noFace.detail' },
  unreadable_image: { tone: 'attention', title: 'verdict.unreadable', detail: 'verdict.unreadable.detail' },
  unsupported_image_type: { tone: 'attention', title: 'verdict.unreadable', detail: 'verdict.unreadable.detail' },
  verification_locked: { tone: 'attention', title: 'verdict.locked', detail: 'verdict.locked.detail' },
};

/** An answer that is no result, as a verdict, if it is one. */
export function refusalVerdict(answer: Answer<unknown>, employeeId: string | null): Verdict | undefined {
  if (answer.kind !== 'refused') return undefined;
  const { refusal, retryAfterSeconds } = answer;
  const known = VERDICTS[refusal.code];
  if (!known) return undefined;
  return { ...known, values: { minutes: Math.max(1, Math.ceil((retryAfterSeconds ?? 60) / 60)) }, employeeId };
}

/** Refusals that are no verdict, and what to say. What is not listed is told as the service's own trouble. */
const TROUBLES: Partial<Record<Refusal['code'], readonly [TextKey, TextKey]>> = {
  unauthorized: ['trouble.token', 'trouble.token.detail'],
  insufficient_scope: ['trouble.scope', 'trouble.scope.detail'],
  gate_not_allowed: ['trouble.gate', 'trouble.gate.detail'],
  rate_limited: ['trouble.busy', 'trouble.busy.detail'],
  overloaded: ['trouble.busy', 'trouble.busy.detail'],
  uploads_busy: ['trouble.busy', 'trouble.busy.detail'],
  expired: ['trouble.busy', 'trouble.busy.detail'],
  upload_too_slow: ['trouble.timeout', 'trouble.timeout.detail'],
};

export function troubleOf(answer: Exclude<Answer<unknown>, { kind: 'done' | 'aborted' }>): Trouble {
  const base = { values: {}, canRetry: true, needsNewKey: false, retryAfterSeconds: null, needs: null } as const;
  if (answer.kind === 'unreachable') {
    const [title, detail] = UNREACHABLE[answer.cause];
    return { ...base, title, detail };
  }
  const { refusal, retryAfterSeconds } = answer;
  const [title, detail] = TROUBLES[refusal.code] ?? ['trouble.server', 'trouble.server.detail'];
  return {
    ...base,
    title,
    detail,
    values: { code: refusal.code === 'unknown' ? refusal.status : refusal.code },
    canRetry: refusal.retryable || refusal.status === 401 || refusal.status === 403,
    needsNewKey: needsNewKey(refusal),
    retryAfterSeconds: refusal.retryable ? retryAfterSeconds : null,
    needs: refusal.status === 401 || refusal.code === 'insufficient_scope' ? 'token' : null,
  };
}

const UNREACHABLE = {
  offline: ['trouble.offline', 'trouble.offline.detail'],
  network: ['trouble.network', 'trouble.network.detail'],
  timeout: ['trouble.timeout', 'trouble.timeout.detail'],
} as const satisfies Record<string, readonly [TextKey, TextKey]>;

/** Waits that the gate sits out by itself, in sight of everybody. */
const MAX_REPEATS = 3;
const MAX_WAIT_SECONDS = 15;

/** After how many seconds the same photo is sent again by itself; null leaves it to a person. */
export function automaticRetry(trouble: Trouble, repeats: number): number | null {
  const { canRetry, retryAfterSeconds } = trouble;
  if (!canRetry || retryAfterSeconds === null || retryAfterSeconds > MAX_WAIT_SECONDS) return null;
  return repeats < MAX_REPEATS ? Math.max(1, retryAfterSeconds) : null;
}
