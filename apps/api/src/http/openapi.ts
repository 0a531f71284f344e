import {
  acceptedReplySchema,
  comparisonReplySchema,
  ERRORS,
  type ErrorCode,
  employeeReplySchema,
  employeesReplySchema,
  enrolmentReplySchema,
  erasureReplySchema,
  identificationReplySchema,
  jobReplySchema,
  notRecognizedReplySchema,
  originalErrorReplySchema,
  problemSchema,
  readinessReplySchema,
  recognizedReplySchema,
  verificationReplySchema,
} from '@rollcall/contracts';
import { z } from 'zod';

/** Every reply body, by the name it has in the description. */
const SCHEMAS = {
  Accepted: acceptedReplySchema,
  Comparison: comparisonReplySchema,
  Employee: employeeReplySchema,
  Employees: employeesReplySchema,
  Enrolment: enrolmentReplySchema,
  Erasure: erasureReplySchema,
  Identification: identificationReplySchema,
  Job: jobReplySchema,
  NotRecognized: notRecognizedReplySchema,
  OriginalError: originalErrorReplySchema,
  Problem: problemSchema,
  Readiness: readinessReplySchema,
  Recognized: recognizedReplySchema,
  Verification: verificationReplySchema,
} as const;
type SchemaName = keyof typeof SCHEMAS;

interface Operation {
  readonly summary: string;
  /** Fields of the multipart form. */
  readonly form?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly replies: Readonly<Record<number, SchemaName | 'image'>>;
  readonly errors?: readonly ErrorCode[];
}

const IMAGE = { type: 'string', contentMediaType: 'application/octet-stream', description: 'JPEG, PNG or WebP' };
const IMAGES = { type: 'array', items: IMAGE };
const EMPLOYEE_ID = { type: 'string', description: ERRORS.invalid_employee_id.message };
const UPLOAD_ERRORS: readonly ErrorCode[] = [
  'missing_fields',
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
      form: { employee_id: EMPLOYEE_ID, image: IMAGE },
      required: ['employee_id', 'image'],
      replies: {
        200: 'Recognized',
        202: 'Accepted',
        400: 'NotRecognized',
        404: 'OriginalError',
        413: 'OriginalError',
        415: 'OriginalError',
        422: 'OriginalError',
        500: 'OriginalError',
        503: 'OriginalError',
      },
    },
  },
  '/v1/verifications': {
    post: {
      summary: 'Is this the employee?',
      form: { employee_id: EMPLOYEE_ID, image: IMAGE },
      required: ['employee_id', 'image'],
      replies: { 200: 'Verification', 202: 'Accepted' },
      errors: [...UPLOAD_ERRORS, 'invalid_employee_id', 'employee_not_found'],
    },
  },
  '/v1/comparisons': {
    post: {
      summary: 'Do two photos show one person?',
      form: { image: { ...IMAGES, minItems: 2, maxItems: 2 } },
      required: ['image'],
      replies: { 200: 'Comparison', 202: 'Accepted' },
      errors: UPLOAD_ERRORS,
    },
  },
  '/v1/identifications': {
    post: {
      summary: 'Which employee is this?',
      form: { image: IMAGE, limit: { type: 'integer', minimum: 1, maximum: 10 } },
      required: ['image'],
      replies: { 200: 'Identification', 202: 'Accepted' },
      errors: UPLOAD_ERRORS,
    },
  },
  '/v1/jobs/{id}': {
    get: {
      summary: 'State of a job, once it has ended or `wait` seconds have passed',
      query: { wait: 'Seconds, 60 at most' },
      replies: { 200: 'Job' },
      errors: ['invalid_request', 'job_not_found', 'queue_unavailable'],
    },
  },
  '/v1/employees': {
    get: {
      summary: 'Employees in pages',
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
      replies: { 200: 'Employee' },
      errors: ['invalid_employee_id', 'employee_not_found'],
    },
    delete: {
      summary: 'Erase everything about an employee: photos, embeddings, jobs, uploads',
      replies: { 200: 'Erasure' },
      errors: ['invalid_employee_id', 'employee_not_found', 'queue_unavailable'],
    },
  },
  '/v1/employees/{id}/faces': {
    get: { summary: "An employee's reference photos", replies: { 200: 'Employee' }, errors: ['employee_not_found'] },
    post: {
      summary: 'Make photos references, if they are fit',
      query: { force: '`true` takes a photo that does not resemble the others' },
      form: { image: { ...IMAGES, minItems: 1, maxItems: 10 } },
      required: ['image'],
      replies: { 200: 'Enrolment', 201: 'Enrolment', 202: 'Accepted' },
      errors: [...UPLOAD_ERRORS, 'invalid_employee_id', 'photos_refused'],
    },
  },
  '/v1/employees/{id}/faces/{face}': {
    get: { summary: 'A reference photo', replies: { 200: 'image' }, errors: ['face_not_found'] },
    delete: { summary: 'Erase a reference photo', replies: { 200: 'Erasure' }, errors: ['face_not_found'] },
  },
  '/healthz': { get: { summary: 'The process is alive', replies: {} } },
  '/readyz': { get: { summary: 'A verification could be answered', replies: { 200: 'Readiness', 503: 'Readiness' } } },
};

/** The OpenAPI 3.1 description, made from the contracts. */
export function describeApi(): object {
  const components = z.toJSONSchema(z.object(SCHEMAS), {
    target: 'draft-2020-12',
    io: 'output',
    unrepresentable: 'any',
  });
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
    components: { schemas: components.properties },
  };
}

function describe(path: string, { summary, form, required, query, replies, errors = [] }: Operation): object {
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
    ...(form
      ? [
          {
            name: 'Prefer',
            in: 'header',
            description: '`respond-async` or `wait=N` (RFC 7240)',
            schema: { type: 'string' },
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
  for (const [status, codes] of groupByStatus(errors)) {
    responses[status] = {
      description: codes.join(', '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
  if (Object.keys(responses).length === 0) responses[200] = { description: 'ok' };
  return {
    summary,
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
