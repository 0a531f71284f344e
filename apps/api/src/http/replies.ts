import {
  type Dialect,
  ERRORS,
  type ErrorCode,
  type FacialArea,
  type Problem,
  type VerificationJob,
  type VerificationOutcome,
  type VerificationReply,
} from '@rollcall/contracts';
import type { JobEnd } from '../jobs/ports.js';

/** A reply, before it is written to HTTP. */
export interface Reply {
  readonly status: number;
  readonly body: object;
  /** Stable word for the log: an error code, a reason or `verified`. */
  readonly outcome: string;
}

/** The ended job → exactly what the synchronous call answers, in the dialect of the request that made the job. */
export function replyTo(job: VerificationJob, end: JobEnd, enforceDetection: boolean): Reply {
  if (end.kind === 'failed') return errorReply('internal_error', job.dialect, job.requestId);
  const { outcome } = end;
  if (outcome.kind === 'expired') return errorReply('expired', job.dialect, job.requestId);
  if (outcome.kind === 'refused') return errorReply(outcome.code, job.dialect, job.requestId);
  if (outcome.reason === 'no_face' && enforceDetection) return errorReply('no_face', job.dialect, job.requestId);
  return job.dialect === 'v1' ? v1Reply(job, outcome) : originalReply(job, outcome);
}

/** An error in the dialect of the path: the original's `{"error": …}` or RFC 9457 problem details. */
export function errorReply(code: ErrorCode, dialect: Dialect, requestId: string): Reply {
  const { status, message, retryable } = ERRORS[code];
  if (dialect === 'original') return { status, body: { error: message }, outcome: code };
  const problem: Problem = {
    type: 'about:blank',
    title: TITLES[status],
    status,
    detail: message,
    code,
    retryable,
    request_id: requestId,
  };
  return { status, body: problem, outcome: code };
}

/** The verification as `/v1` tells it; undefined when the job ended without a decision. */
export function verificationOf(job: VerificationJob, end: JobEnd): VerificationReply | undefined {
  return end.kind === 'outcome' && end.outcome.kind === 'decided' ? toVerification(job, end.outcome) : undefined;
}

type Decided = Extract<VerificationOutcome, { kind: 'decided' }>;

function originalReply({ employeeId }: VerificationJob, { reason, result }: Decided): Reply {
  if (reason === null) {
    const body = { message: 'Face recognized successfully', employee_id: employeeId, verification_result: result };
    return { status: 200, body, outcome: 'verified' };
  }
  return {
    status: 400,
    body: { message: 'Face not recognized', reason, verification_result: result },
    outcome: reason,
  };
}

function v1Reply(job: VerificationJob, decided: Decided): Reply {
  if (decided.reason === 'unreadable_image') return errorReply('unreadable_image', job.dialect, job.requestId);
  return { status: 200, body: toVerification(job, decided), outcome: decided.reason ?? 'verified' };
}

function toVerification(job: VerificationJob, { reason, reference, result }: Decided): VerificationReply {
  const { img1, img2 } = result.facial_areas;
  return {
    job_id: job.id,
    employee_id: job.employeeId,
    verified: result.verified,
    reason,
    distance: result.distance,
    threshold: result.threshold,
    model: result.model,
    similarity_metric: result.similarity_metric,
    probe: img1,
    reference: referenceOf(reference, img2),
    time: result.time,
  };
}

function referenceOf(photo: string | null, face: FacialArea | null): VerificationReply['reference'] {
  return photo !== null && face ? { photo, face } : null;
}

/** RFC 9110 reason phrases. */
const TITLES: Readonly<Record<(typeof ERRORS)[ErrorCode]['status'], string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
