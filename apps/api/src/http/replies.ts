import {
  type AssessmentReply,
  type ComparisonReply,
  type Dialect,
  type EnrolledPhoto,
  type EnrolmentReply,
  ERRORS,
  type ErrorCode,
  type FacialArea,
  type IdentificationReply,
  type JobRef,
  type OutcomeOf,
  type Problem,
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

/** What a job that succeeded found, in the words of `/v1`. */
export type Result = VerificationReply | EnrolmentReply | ComparisonReply | IdentificationReply | AssessmentReply;

/** The ended job → exactly what the synchronous call answers, in the dialect of the request that made the job. */
export function replyTo(job: JobRef, end: JobEnd, enforceDetection: boolean): Reply {
  const error = (code: ErrorCode, photos?: readonly EnrolledPhoto[]) =>
    errorReply(code, job.dialect, job.requestId, { job_id: job.id, ...(photos && { photos: [...photos] }) });
  if (end.kind === 'failed') return error('internal_error');
  if (end.kind === 'removed') return error('employee_erased');
  if (end.kind === 'cancelled') return error('cancelled');
  const { outcome } = end;
  switch (outcome.kind) {
    case 'expired':
      return error('expired');
    case 'refused':
      return error(outcome.code);
    case 'enrolled': {
      if (outcome.photos.every(({ status }) => status === 'refused')) return error('photos_refused', outcome.photos);
      const isNew = outcome.photos.some(({ status }) => status === 'added');
      return { status: isNew ? 201 : 200, body: toEnrolment(job, outcome), outcome: isNew ? 'added' : 'unchanged' };
    }
    case 'assessed': {
      const body = toAssessment(job, outcome);
      return { status: 200, body, outcome: body.fit ? 'fit' : 'unfit' };
    }
    case 'decided':
    case 'compared':
    case 'identified': {
      if (outcome.reason === 'no_face' && enforceDetection) return error('no_face');
      if (job.dialect === 'original' && outcome.kind === 'decided') return originalReply(job, outcome);
      if (outcome.reason === 'unreadable_image') return error('unreadable_image');
      const word = outcome.kind === 'identified' ? 'identified' : 'verified';
      return { status: 200, body: resultOf(job, end) ?? {}, outcome: outcome.reason ?? word };
    }
  }
}

/** An error in the dialect of the path: the original's `{"error": …}` or RFC 9457 problem details. */
export function errorReply(
  code: ErrorCode,
  dialect: Dialect,
  requestId: string,
  more: Pick<Problem, 'job_id' | 'photos'> = {},
): Reply {
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
    ...more,
  };
  return { status, body: problem, outcome: code };
}

/** The result as `/v1` tells it; undefined when the job ended without one. */
export function resultOf(job: JobRef, end: JobEnd): Result | undefined {
  if (end.kind !== 'outcome') return undefined;
  const { outcome } = end;
  switch (outcome.kind) {
    case 'decided':
      return toVerification(job, outcome);
    case 'enrolled':
      return toEnrolment(job, outcome);
    case 'compared':
      return toComparison(job, outcome);
    case 'identified':
      return toIdentification(job, outcome);
    case 'assessed':
      return toAssessment(job, outcome);
    default:
      return undefined;
  }
}

/** How all comparisons are made. */
const METHOD = { model: 'SFace', similarity_metric: 'cosine' } as const;

function originalReply(job: JobRef, { reason, result, quality }: OutcomeOf<'decided'>): Reply {
  if (reason === null) {
    const body = {
      message: 'Face recognized successfully',
      employee_id: job.employeeId,
      verification_result: result,
    };
    return { status: 200, body, outcome: 'verified' };
  }
  const body = {
    message: 'Face not recognized',
    reason,
    advice: quality.findings[0]?.advice ?? null,
    verification_result: result,
  };
  return { status: 400, body, outcome: reason };
}

function toVerification(
  job: JobRef,
  { reason, reference, references, quality, result }: OutcomeOf<'decided'>,
): VerificationReply {
  const { img1, img2 } = result.facial_areas;
  return {
    job_id: job.id,
    employee_id: job.employeeId ?? '',
    verified: result.verified,
    reason,
    distance: result.distance,
    threshold: result.threshold,
    ...METHOD,
    probe: img1,
    quality,
    reference: referenceOf(reference, img2),
    references,
    time: result.time,
  };
}

function toEnrolment(job: JobRef, { photos }: OutcomeOf<'enrolled'>): EnrolmentReply {
  return { job_id: job.id, employee_id: job.employeeId ?? '', photos };
}

function toComparison(job: JobRef, outcome: OutcomeOf<'compared'>): ComparisonReply {
  const { reason, distance, threshold, faces, qualities, time } = outcome;
  return { job_id: job.id, verified: reason === null, reason, distance, threshold, ...METHOD, faces, qualities, time };
}

function toIdentification(job: JobRef, outcome: OutcomeOf<'identified'>): IdentificationReply {
  const { reason, candidates, threshold, face, quality, time } = outcome;
  return { job_id: job.id, reason, candidates, threshold, ...METHOD, probe: face, quality, time };
}

function toAssessment(job: JobRef, outcome: OutcomeOf<'assessed'>): AssessmentReply {
  const { face, landmarks, quality, refusals, warnings, time } = outcome;
  return { job_id: job.id, fit: refusals.length === 0, face, landmarks, quality, refusals, warnings, time };
}

function referenceOf(photo: string | null, face: FacialArea | null): VerificationReply['reference'] {
  return photo !== null && face ? { photo, face } : null;
}

/** RFC 9110 reason phrases. */
const TITLES: Readonly<Record<(typeof ERRORS)[ErrorCode]['status'], string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  507: 'Insufficient Storage',
};
