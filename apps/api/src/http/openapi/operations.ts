import { type Dialect, ERRORS, type ErrorCode, MAX_CALLBACK_URL, type Scope } from '@rollcall/contracts';
import { AUDIT_ACTIONS } from '@rollcall/platform';
import type { SchemaName } from './schemas.js';

/** What is told of a request and its replies. */
export interface Operation {
  /** Of the method that a generated client has for it. */
  readonly id: string;
  readonly summary: string;
  /** What a token must allow; undefined for any token, null for no token. */
  readonly scope?: Scope | null;
  /** Of the errors; `v1` unless told. */
  readonly dialect?: Dialect;
  /** Fields of the multipart form. */
  readonly form?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
  readonly query?: Readonly<Record<string, Parameter>>;
  /** Also as server-sent events. */
  readonly streams?: boolean;
  readonly replies: Readonly<Record<number, SchemaName | 'image' | 'metrics'>>;
  /** Besides those of {@link TOKEN_ERRORS}. */
  readonly errors?: readonly ErrorCode[];
}

export interface Parameter {
  readonly description: string;
  /** JSON Schema. */
  readonly schema: object;
}

export const EMPLOYEE_ID = {
  type: 'string',
  format: 'employee-id',
  minLength: 1,
  maxLength: 64,
  description: ERRORS.invalid_employee_id.message,
};
const IMAGE = {
  type: 'string',
  format: 'binary',
  contentMediaType: 'application/octet-stream',
  description: 'JPEG, PNG or WebP',
};
const IMAGES = { type: 'array', items: IMAGE };
const CALLBACK_URL = {
  type: 'string',
  format: 'uri',
  maxLength: MAX_CALLBACK_URL,
  description: 'Where the end of the job is told; its host must be one of CALLBACK_HOSTS',
};
const CANDIDATES = { type: 'integer', minimum: 1, default: 10, description: 'Candidates to name, 10 at most' };

const WAIT: Parameter = { description: 'Seconds, 60 at most', schema: { type: 'number', minimum: 0, default: 0 } };
const PAGE: Parameter = {
  description: 'Employees on a page',
  schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
};
const CURSOR: Parameter = { description: '`next_cursor` of the page before', schema: EMPLOYEE_ID };
const PREFIX: Parameter = { description: 'Start of the id', schema: EMPLOYEE_ID };
const FORCE: Parameter = {
  description: '`true` takes a photo that does not resemble the others',
  schema: { type: 'string', enum: ['true', 'false'], default: 'false' },
};

const LINES: Parameter = {
  description: 'Lines of the log',
  schema: { type: 'integer', minimum: 1, maximum: 500, default: 50 },
};
const ACTIONS: Parameter = {
  description: 'Only of these actions',
  schema: { type: 'array', items: { type: 'string', enum: AUDIT_ACTIONS } },
};
const EMPLOYEE: Parameter = {
  description: 'Only about this employee, also if the id has been erased',
  schema: EMPLOYEE_ID,
};
const SINCE: Parameter = {
  description: 'Only since this date or time (RFC 3339)',
  schema: {
    anyOf: [
      { type: 'string', format: 'date-time' },
      { type: 'string', format: 'date' },
    ],
  },
};

/** What every request can meet that needs a token. */
export const TOKEN_ERRORS: readonly ErrorCode[] = [
  'invalid_request',
  'unauthorized',
  'insufficient_scope',
  'gate_not_allowed',
  'host_not_allowed',
  'origin_not_allowed',
  'rate_limited',
  'internal_error',
  'queue_unavailable',
  'store_unavailable',
];
const UPLOAD_ERRORS: readonly ErrorCode[] = [
  'missing_fields',
  'too_many_images',
  'upload_too_slow',
  'uploads_busy',
  'overloaded',
  'store_full',
  'idempotency_key_reused',
  'callback_not_allowed',
  'result_gone',
  'cancelled',
  'upload_too_large',
  'unsupported_image_type',
  'unreadable_image',
  'expired',
];

const VERIFICATION_ERRORS: readonly ErrorCode[] = [
  'invalid_employee_id',
  'employee_not_found',
  'reference_not_found',
  'reference_unusable',
  'employee_erased',
  'verification_locked',
  'no_face',
];

/** By path and method. */
export const OPERATIONS: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  '/recognize_face': {
    post: {
      id: 'recognizeFace',
      summary: 'Verify an employee, in the words of the original service',
      scope: 'verify',
      form: { employee_id: EMPLOYEE_ID, image: IMAGE, callback_url: CALLBACK_URL },
      required: ['employee_id', 'image'],
      dialect: 'original',
      replies: { 200: 'Recognized', 202: 'Accepted', 400: 'NotRecognized' },
      errors: [...UPLOAD_ERRORS, ...VERIFICATION_ERRORS],
    },
  },
  '/v1/verifications': {
    post: {
      id: 'verify',
      summary: 'Is this the employee?',
      scope: 'verify',
      form: { employee_id: EMPLOYEE_ID, image: IMAGE, callback_url: CALLBACK_URL },
      required: ['employee_id', 'image'],
      replies: { 200: 'Verification', 202: 'Accepted' },
      errors: [...UPLOAD_ERRORS, ...VERIFICATION_ERRORS],
    },
  },
  '/v1/comparisons': {
    post: {
      id: 'compare',
      summary: 'Do two photos show one person?',
      scope: 'verify',
      form: { image: { ...IMAGES, minItems: 2, maxItems: 2 }, callback_url: CALLBACK_URL },
      required: ['image'],
      replies: { 200: 'Comparison', 202: 'Accepted' },
      errors: [...UPLOAD_ERRORS, 'no_face'],
    },
  },
  '/v1/identifications': {
    post: {
      id: 'identify',
      summary: 'Which employee is this?',
      scope: 'verify',
      form: { image: IMAGE, limit: CANDIDATES, callback_url: CALLBACK_URL },
      required: ['image'],
      replies: { 200: 'Identification', 202: 'Accepted' },
      errors: [...UPLOAD_ERRORS, 'verification_locked', 'no_face'],
    },
  },
  '/v1/assessments': {
    post: {
      id: 'assess',
      summary: 'Would this photo be fit as a reference? Nothing is kept of it',
      scope: 'enroll',
      form: { image: IMAGE, callback_url: CALLBACK_URL },
      required: ['image'],
      replies: { 200: 'Assessment', 202: 'Accepted' },
      errors: UPLOAD_ERRORS,
    },
  },
  '/v1/jobs/{id}': {
    delete: {
      id: 'cancelJob',
      summary: 'Take a job back that has not begun',
      replies: { 200: 'Job' },
      errors: ['job_not_found', 'job_begun'],
    },
    get: {
      id: 'getJob',
      summary:
        'State of a job, once it has ended or `wait` seconds have passed; with `Accept: text/event-stream` as a stream',
      query: { wait: WAIT },
      streams: true,
      replies: { 200: 'Job' },
      errors: ['job_not_found'],
    },
  },
  '/v1/employees': {
    get: {
      id: 'listEmployees',
      summary: 'Employees in pages',
      scope: 'read',
      query: { limit: PAGE, cursor: CURSOR, prefix: PREFIX },
      replies: { 200: 'Employees' },
    },
  },
  '/v1/employees/{id}': {
    get: {
      id: 'getEmployee',
      summary: 'An employee',
      scope: 'read',
      replies: { 200: 'Employee' },
      errors: ['invalid_employee_id', 'employee_not_found'],
    },
    delete: {
      id: 'eraseEmployee',
      summary: 'Erase everything about an employee: photos, embeddings, jobs, uploads',
      scope: 'erase',
      replies: { 200: 'Erasure' },
      errors: ['invalid_employee_id', 'employee_not_found', 'erasure_incomplete'],
    },
  },
  '/v1/employees/{id}/faces': {
    get: {
      id: 'listFaces',
      summary: "An employee's reference photos",
      scope: 'read',
      replies: { 200: 'Employee' },
      errors: ['invalid_employee_id', 'employee_not_found'],
    },
    post: {
      id: 'enrol',
      summary: 'Make photos references, if they are fit',
      scope: 'enroll',
      query: { force: FORCE },
      form: { image: { ...IMAGES, minItems: 1, maxItems: 10 }, callback_url: CALLBACK_URL },
      required: ['image'],
      replies: { 200: 'Enrolment', 201: 'Enrolment', 202: 'Accepted' },
      errors: [...UPLOAD_ERRORS, 'invalid_employee_id', 'employee_erased', 'photos_refused'],
    },
  },
  '/v1/employees/{id}/faces/{face}': {
    get: {
      id: 'getFace',
      summary: 'A reference photo',
      scope: 'read',
      replies: { 200: 'image' },
      errors: ['face_not_found'],
    },
    delete: {
      id: 'eraseFace',
      summary: 'Erase a reference photo',
      scope: 'erase',
      replies: { 200: 'Erasure' },
      errors: ['invalid_employee_id', 'face_not_found', 'erasure_incomplete'],
    },
  },
  '/v1/audit': {
    get: {
      id: 'readAudit',
      summary: "What this API's audit log tells, the newest first",
      scope: 'admin',
      query: { limit: LINES, action: ACTIONS, employee: EMPLOYEE, since: SINCE },
      replies: { 200: 'Audit' },
    },
  },
  '/v1/status': {
    get: {
      id: 'getStatus',
      summary: 'State of queue, workers, Redis and store',
      scope: 'admin',
      replies: { 200: 'Status' },
    },
  },
  '/metrics': {
    get: {
      id: 'getMetrics',
      summary: 'Metrics in the text format of Prometheus',
      scope: 'admin',
      dialect: 'original',
      replies: { 200: 'metrics' },
    },
  },
  '/healthz': {
    get: { id: 'isAlive', summary: 'The process is alive', scope: null, replies: { 200: 'Liveness' } },
  },
  '/readyz': {
    get: {
      id: 'isReady',
      summary: 'A verification could be answered',
      scope: null,
      replies: { 200: 'Readiness', 503: 'Readiness' },
    },
  },
};
