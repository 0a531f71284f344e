import {
  acceptedReplySchema,
  assessmentReplySchema,
  callbackEventSchema,
  comparisonReplySchema,
  ERRORS,
  type ErrorCode,
  employeeReplySchema,
  employeesReplySchema,
  enrolledPhotoSchema,
  enrolmentReplySchema,
  erasureReplySchema,
  faceQualitySchema,
  facialAreaSchema,
  identificationReplySchema,
  jobReplySchema,
  MAX_CALLBACK_URL,
  notRecognizedReplySchema,
  originalErrorReplySchema,
  probeQualitySchema,
  problemSchema,
  qualityFindingSchema,
  readinessReplySchema,
  recognizedReplySchema,
  type Scope,
  verificationReplySchema,
  verificationResultSchema,
} from '@rollcall/contracts';
import { z } from 'zod';

/** Every reply body, and what several of them have in common, by the name it has in the description. */
const SCHEMAS = {
  Accepted: acceptedReplySchema,
  Assessment: assessmentReplySchema,
  CallbackEvent: callbackEventSchema,
  Comparison: comparisonReplySchema,
  Employee: employeeReplySchema,
  Employees: employeesReplySchema,
  EnrolledPhoto: enrolledPhotoSchema,
  Enrolment: enrolmentReplySchema,
  Erasure: erasureReplySchema,
  FaceQuality: faceQualitySchema,
  FacialArea: facialAreaSchema,
  Identification: identificationReplySchema,
  Job: jobReplySchema,
  NotRecognized: notRecognizedReplySchema,
  OriginalError: originalErrorReplySchema,
  ProbeQuality: probeQualitySchema,
  Problem: problemSchema,
  QualityFinding: qualityFindingSchema,
  Readiness: readinessReplySchema,
  Recognized: recognizedReplySchema,
  Verification: verificationReplySchema,
  VerificationResult: verificationResultSchema,
} as const;
type SchemaName = keyof typeof SCHEMAS;

interface Operation {
  readonly summary: string;
  /** What a token must allow; undefined for any token, null for no token. */
  readonly scope?: Scope | null;
  /** Fields of the multipart form. */
  readonly form?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly replies: Readonly<Record<number, SchemaName | 'image'>>;
  readonly errors?: readonly ErrorCode[];
}

const IMAGE = { type: 'string', contentMediaType: 'application/octet-stream', description: 'JPEG, PNG or WebP' };
const IMAGES = { type: 'array', items: IMAGE };
const CALLBACK_URL = {
  type: 'string',
  format: 'uri',
  maxLength: MAX_CALLBACK_URL,
  description: 'Where the end of the job is told; its host must be one of CALLBACK_HOSTS',
};
const EMPLOYEE_ID = { type: 'string', description: ERRORS.invalid_employee_id.message };
/** What every request can meet that needs a token. */
const ACCESS_ERRORS: readonly ErrorCode[] = [
  'unauthorized',
  'insufficient_scope',
  'gate_not_allowed',
  'host_not_allowed',
  'origin_not_allowed',
  'rate_limited',
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
  'store_unavailable',
  'upload_too_large',
  'unsupported_image_type',
  'unreadable_image',
  'internal_error',
  'queue_unavailable',
];

const OPERATIONS: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  '/recognize_face': {
    post: {
      summary: 'Verify an employee, in the words of the original service',
      scope: 'verify',
      form: { employee_id: EMPLOYEE_ID, image: IMAGE, callback_url: CALLBACK_URL },
      required: ['employee_id', 'image'],
      replies: {
        200: 'Recognized',
        202: 'Accepted',
        400: 'NotRecognized',
        401: 'OriginalError',
        403: 'OriginalError',
        404: 'OriginalError',
        408: 'OriginalError',
        409: 'OriginalError',
        410: 'OriginalError',
        413: 'OriginalError',
        415: 'OriginalError',
        422: 'OriginalError',
        429: 'OriginalError',
        500: 'OriginalError',
        503: 'OriginalError',
        507: 'OriginalError',
      },
    },
  },
  '/v1/verifications': {
    post: {
      summary: 'Is this the employee?',
      scope: 'verify',
      form: { employee_id: EMPLOYEE_ID, image: IMAGE, callback_url: CALLBACK_URL },
      required: ['employee_id', 'image'],
      replies: { 200: 'Verification', 202: 'Accepted' },
      errors: [...UPLOAD_ERRORS, 'invalid_employee_id', 'employee_not_found', 'verification_locked', 'expired'],
    },
  },
  '/v1/comparisons': {
    post: {
      summary: 'Do two photos show one person?',
      scope: 'verify',
      form: { image: { ...IMAGES, minItems: 2, maxItems: 2 }, callback_url: CALLBACK_URL },
      required: ['image'],
      replies: { 200: 'Comparison', 202: 'Accepted' },
      errors: UPLOAD_ERRORS,
    },
  },
  '/v1/identifications': {
    post: {
      summary: 'Which employee is this?',
      scope: 'verify',
      form: { image: IMAGE, limit: { type: 'integer', minimum: 1, maximum: 10 }, callback_url: CALLBACK_URL },
      required: ['image'],
      replies: { 200: 'Identification', 202: 'Accepted' },
      errors: [...UPLOAD_ERRORS, 'invalid_request', 'verification_locked', 'expired'],
    },
  },
  '/v1/assessments': {
    post: {
      summary: 'Would this photo be fit as a reference? Nothing is kept of it',
      scope: 'enroll',
      form: { image: IMAGE, callback_url: CALLBACK_URL },
      required: ['image'],
      replies: { 200: 'Assessment', 202: 'Accepted' },
      errors: [...UPLOAD_ERRORS, 'expired'],
    },
  },
  '/v1/jobs/{id}': {
    delete: {
      summary: 'Take a job back that has not begun',
      replies: { 200: 'Job' },
      errors: ['job_not_found', 'job_begun', 'queue_unavailable'],
    },
    get: {
      summary:
        'State of a job, once it has ended or `wait` seconds have passed; with `Accept: text/event-stream` as a stream',
      query: { wait: 'Seconds, 60 at most' },
      replies: { 200: 'Job' },
      errors: ['invalid_request', 'job_not_found', 'queue_unavailable'],
    },
  },
  '/v1/employees': {
    get: {
      summary: 'Employees in pages',
      scope: 'read',
      query: {
        limit: '1 to 1000, 100 by default',
        cursor: '`next_cursor` of the page before',
        prefix: 'Start of the id',
      },
      replies: { 200: 'Employees' },
      errors: ['invalid_request', 'store_unavailable'],
    },
  },
  '/v1/employees/{id}': {
    get: {
      summary: 'An employee',
      scope: 'read',
      replies: { 200: 'Employee' },
      errors: ['invalid_employee_id', 'employee_not_found'],
    },
    delete: {
      summary: 'Erase everything about an employee: photos, embeddings, jobs, uploads',
      scope: 'erase',
      replies: { 200: 'Erasure' },
      errors: ['invalid_employee_id', 'employee_not_found', 'queue_unavailable'],
    },
  },
  '/v1/employees/{id}/faces': {
    get: {
      summary: "An employee's reference photos",
      scope: 'read',
      replies: { 200: 'Employee' },
      errors: ['employee_not_found'],
    },
    post: {
      summary: 'Make photos references, if they are fit',
      scope: 'enroll',
      query: { force: '`true` takes a photo that does not resemble the others' },
      form: { image: { ...IMAGES, minItems: 1, maxItems: 10 }, callback_url: CALLBACK_URL },
      required: ['image'],
      replies: { 200: 'Enrolment', 201: 'Enrolment', 202: 'Accepted' },
      errors: [...UPLOAD_ERRORS, 'invalid_employee_id', 'photos_refused'],
    },
  },
  '/v1/employees/{id}/faces/{face}': {
    get: { summary: 'A reference photo', scope: 'read', replies: { 200: 'image' }, errors: ['face_not_found'] },
    delete: {
      summary: 'Erase a reference photo',
      scope: 'erase',
      replies: { 200: 'Erasure' },
      errors: ['face_not_found'],
    },
  },
  '/healthz': { get: { summary: 'The process is alive', scope: null, replies: {} } },
  '/readyz': {
    get: { summary: 'A verification could be answered', scope: null, replies: { 200: 'Readiness', 503: 'Readiness' } },
  },
};

/** The OpenAPI 3.1 description, made from the contracts. */
export function describeApi(): object {
  return {
    openapi: '3.1.0',
    info: { title: 'Rollcall', version: '1', summary: 'Employee face verification' },
    paths: Object.fromEntries(
      Object.entries(OPERATIONS).map(([path, operations]) => [
        path,
        Object.fromEntries(
          Object.entries(operations).map(([method, operation]) => [method, describe(path, operation)]),
        ),
      ]),
    ),
    webhooks: {
      jobEnded: {
        post: {
          summary: 'What is sent to a callback_url, signed in Rollcall-Signature',
          requestBody: {
            required: true,
            content: { 'application/json': { schema: { $ref: '#/components/schemas/CallbackEvent' } } },
          },
          responses: { '2XX': { description: 'Received' } },
        },
      },
    },
    components: {
      schemas: describeSchemas(),
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'npm run token -- create' } },
    },
  };
}

/** JSON Schemas that refer to each other by name. */
function describeSchemas(): Record<string, object> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SCHEMAS)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    target: 'draft-2020-12',
    io: 'output',
    unrepresentable: 'any',
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema, $id, ...schema }]) => [id, schema]));
}

function describe(path: string, { summary, scope, form, required, query, replies, errors = [] }: Operation): object {
  const needsToken = scope !== null;
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...Object.entries(query ?? {}).map(([name, description]) => ({
      name,
      in: 'query',
      description,
      schema: { type: 'string' },
    })),
    ...(needsToken
      ? [
          {
            name: 'X-Gate',
            in: 'header',
            description: 'The gate at which the request is made, for tokens that are bound to gates',
            schema: { type: 'string' },
          },
        ]
      : []),
    ...(form
      ? [
          {
            name: 'Prefer',
            in: 'header',
            description: '`respond-async` or `wait=N` (RFC 7240)',
            schema: { type: 'string' },
          },
          {
            name: 'Idempotency-Key',
            in: 'header',
            description: 'The same key with the same request, within a day, is the same job',
            schema: { type: 'string', maxLength: 255 },
          },
        ]
      : []),
  ];
  const responses: Record<string, object> = {};
  for (const [status, name] of Object.entries(replies)) {
    responses[status] = {
      description: name,
      content:
        name === 'image'
          ? { 'image/*': {} }
          : { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
    };
  }
  for (const [status, codes] of groupByStatus(needsToken ? [...ACCESS_ERRORS, ...errors] : errors)) {
    // The original endpoint has errors of its own shape.
    if (responses[status]) continue;
    responses[status] = {
      description: codes.join(', '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
  if (Object.keys(responses).length === 0) responses[200] = { description: 'ok' };
  return {
    summary: scope ? `${summary} (scope: ${scope})` : summary,
    ...(needsToken && { security: [{ token: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...(form && {
      requestBody: {
        required: true,
        content: { 'multipart/form-data': { schema: { type: 'object', properties: form, required: required ?? [] } } },
      },
    }),
    responses,
  };
}

function groupByStatus(codes: readonly ErrorCode[]): Map<number, ErrorCode[]> {
  const groups = new Map<number, ErrorCode[]>();
  for (const code of codes) groups.set(ERRORS[code].status, [...(groups.get(ERRORS[code].status) ?? []), code]);
  return groups;
}
