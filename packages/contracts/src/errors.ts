import { EMPLOYEE_ID_RULE } from './employee-id.js';

interface ErrorKind {
  readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 409 | 410 | 413 | 415 | 422 | 429 | 500 | 503 | 507;
  /** What happened and what to do, for a person. Never contains anything from the request. */
  readonly message: string;
  /** Whether the same request can succeed later. */
  readonly retryable: boolean;
}

/**
 * Every error a caller can meet: its stable code, HTTP status, sentence, and whether a retry can help. The sentences of
 * `missing_fields`, `employee_not_found` and `reference_not_found` are the original endpoint's and must not change.
 */
export const ERRORS = {
  missing_fields: { status: 400, message: 'Employee ID and image are required', retryable: false },
  invalid_employee_id: { status: 400, message: EMPLOYEE_ID_RULE, retryable: false },
  invalid_request: { status: 400, message: 'The request cannot be understood', retryable: false },
  too_many_images: { status: 400, message: 'More images than this request may have', retryable: false },
  unauthorized: {
    status: 401,
    message: 'A valid access token is needed: Authorization: Bearer …',
    retryable: false,
  },
  insufficient_scope: { status: 403, message: 'The access token does not allow this', retryable: false },
  gate_not_allowed: {
    status: 403,
    message: 'The access token is not for this gate; name one that it is for in X-Gate',
    retryable: false,
  },
  origin_not_allowed: {
    status: 403,
    message: 'Web pages of other origins may not call this server; CORS_ORIGINS names those that may',
    retryable: false,
  },
  host_not_allowed: {
    status: 403,
    message:
      'Without access tokens this server answers only under a loopback name such as localhost, and not through a proxy',
    retryable: false,
  },
  employee_not_found: { status: 404, message: 'Employee face not added yet!', retryable: false },
  reference_not_found: { status: 404, message: 'Employee face image not found', retryable: false },
  reference_unusable: {
    status: 404,
    message: "None of the employee's reference photos shows a face; add a clear portrait",
    retryable: false,
  },
  employee_erased: {
    status: 404,
    message: 'The employee was erased after this request was made',
    retryable: false,
  },
  face_not_found: { status: 404, message: 'The employee has no such reference photo', retryable: false },
  job_not_found: {
    status: 404,
    message: 'No such job: the id is wrong, or the result is older than RESULT_TTL_SECONDS',
    retryable: false,
  },
  route_not_found: { status: 404, message: 'No such path', retryable: false },
  method_not_allowed: { status: 405, message: 'This path does not answer to this method', retryable: false },
  job_begun: { status: 409, message: 'The job has begun or ended and cannot be cancelled', retryable: false },
  cancelled: { status: 409, message: 'The job was cancelled before it began', retryable: false },
  result_gone: {
    status: 410,
    message: 'The request with this Idempotency-Key was carried out, and its result is no longer kept',
    retryable: false,
  },
  upload_too_slow: {
    status: 408,
    message: 'The upload did not arrive in time; try again on a better connection or with a smaller photo',
    retryable: true,
  },
  upload_too_large: { status: 413, message: 'The upload is larger than this server accepts', retryable: false },
  unsupported_image_type: {
    status: 415,
    message: 'The image is not a JPEG, PNG or WebP (HEIC photos must be converted first)',
    retryable: false,
  },
  unreadable_image: {
    status: 422,
    message: 'The image cannot be decoded: it is damaged, incomplete or has too many pixels',
    retryable: false,
  },
  callback_not_allowed: {
    status: 422,
    message: 'The callback_url is not one that CALLBACK_HOSTS allows',
    retryable: false,
  },
  no_face: {
    status: 422,
    message: 'No face was found in the image; look at the camera and come closer',
    retryable: false,
  },
  idempotency_key_reused: {
    status: 422,
    message: 'The Idempotency-Key was used for another request; use a new one for each',
    retryable: false,
  },
  photos_refused: {
    status: 422,
    message: 'No photo is fit to be a reference; see refusals',
    retryable: false,
  },
  rate_limited: { status: 429, message: 'Too many requests; wait for Retry-After seconds', retryable: true },
  verification_locked: {
    status: 429,
    message: 'Too many verifications have failed; wait for Retry-After seconds',
    retryable: true,
  },
  internal_error: { status: 500, message: 'The request failed on our side; try again', retryable: true },
  overloaded: {
    status: 503,
    message: 'The queue is too long for an answer in time; wait for Retry-After seconds',
    retryable: true,
  },
  store_unavailable: { status: 503, message: 'The photo store does not answer; try again', retryable: true },
  uploads_busy: { status: 503, message: 'Too many uploads are being received; try again', retryable: true },
  queue_unavailable: { status: 503, message: 'The queue does not answer; try again', retryable: true },
  store_full: {
    status: 507,
    message: 'The photo store is full; nothing was kept. Make room, then try again',
    retryable: true,
  },
  erasure_incomplete: {
    status: 503,
    message: 'A job of the employee is still running, so not everything is erased yet; erase again',
    retryable: true,
  },
  expired: {
    status: 503,
    message: "No worker was free before the request's deadline; try again",
    retryable: true,
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;
