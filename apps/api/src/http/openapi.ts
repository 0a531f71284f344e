import { ERRORS, type ErrorCode } from '@rollcall/contracts';
import { EXAMPLES } from './openapi/examples.js';
import { EMPLOYEE_ID, OPERATIONS, type Operation, TOKEN_ERRORS } from './openapi/operations.js';
import { describeSchemas, type SchemaName } from './openapi/schemas.js';
import { errorReply } from './replies.js';

/** Of the examples. */
const REQUEST_ID = '4af74433-5679-479d-8e21-a7a7f631f6d9';

/** The OpenAPI 3.1 description, made from the contracts. */
export function describeApi(): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Rollcall',
      version: '1',
      summary: 'Employee face verification',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
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
          operationId: 'jobEnded',
          summary: 'What is sent to a callback_url, signed in Rollcall-Signature',
          requestBody: { required: true, content: { 'application/json': { schema: refer('CallbackEvent') } } },
          responses: { '2XX': { description: 'Received' } },
        },
      },
    },
    components: {
      schemas: describeSchemas(),
      headers: HEADERS,
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'npm run token -- create' } },
    },
  };
}

/** By path, the methods that it answers to, for `Allow`. */
export function allowedMethods(): Map<string, string> {
  return new Map(
    Object.entries(OPERATIONS).map(([path, operations]) => {
      const methods = Object.keys(operations).map((method) => method.toUpperCase());
      return [path, [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ')];
    }),
  );
}

const HEADERS = {
  Location: { description: 'Where the job can be asked for', schema: { type: 'string' } },
  PreferenceApplied: { description: 'What of `Prefer` was honoured (RFC 7240)', schema: { type: 'string' } },
  RequestId: { description: 'Names the request in logs, errors and the audit log', schema: { type: 'string' } },
  RetryAfter: { description: 'Seconds after which to come again', schema: { type: 'integer' } },
  WWWAuthenticate: { description: 'What is needed to get in', schema: { type: 'string' } },
} as const;

/** Parameters of paths, by name; `id` is an employee's but for jobs. */
const PATH_PARAMETERS: Readonly<Record<string, object>> = {
  id: EMPLOYEE_ID,
  face: {
    type: 'string',
    pattern: '^face_[^/]*$',
    description: 'File name of the reference photo, such as `face_1.jpg`',
  },
};
const JOB_ID = { type: 'string', format: 'uuid' };

const GATE = {
  name: 'X-Gate',
  in: 'header',
  description: 'The gate at which the request is made, for tokens that are bound to gates',
  schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$' },
};

/** Headers of what makes a job. */
const SUBMISSION = [
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
    schema: { type: 'string', pattern: '^[ -~]{1,255}$' },
  },
];

function describe(path: string, operation: Operation): object {
  const { id, summary, scope, form, required = [], query = {} } = operation;
  const needsToken = scope !== null;
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
      name,
      in: 'path',
      required: true,
      schema: path.startsWith('/v1/jobs/') ? JOB_ID : PATH_PARAMETERS[name],
    })),
    ...Object.entries(query).map(([name, parameter]) => ({ name, in: 'query', ...parameter })),
    ...(needsToken ? [GATE] : []),
    ...(form ? SUBMISSION : []),
  ];
  return {
    operationId: id,
    summary: scope ? `${summary} (scope: ${scope})` : summary,
    security: needsToken ? [{ token: [] }] : [],
    ...(parameters.length > 0 && { parameters }),
    ...(form && {
      requestBody: {
        required: true,
        content: { 'multipart/form-data': { schema: { type: 'object', properties: form, required } } },
      },
    }),
    responses: describeReplies(operation),
  };
}

interface Content {
  readonly schema: object;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

interface Described {
  readonly description: string;
  readonly headers: Readonly<Record<string, object>>;
  readonly content: Readonly<Record<string, Content>>;
}

function describeReplies(operation: Operation): Record<string, Described> {
  const { id, scope, dialect = 'v1', streams = false, replies, errors = [] } = operation;
  const responses: Record<string, Described> = {};
  for (const [status, name] of Object.entries(replies)) {
    responses[status] = {
      description: name,
      headers: headersOf(Number(status)),
      content: contentOf(name, EXAMPLES[id]?.[Number(status)], streams),
    };
  }
  const codes = scope === null ? errors : [...TOKEN_ERRORS, ...errors];
  for (const [status, group] of groupByStatus(codes)) {
    const examples = Object.fromEntries(
      group.map((code) => [code, { value: errorReply(code, dialect, REQUEST_ID).body }]),
    );
    const type = dialect === 'original' ? 'application/json' : 'application/problem+json';
    const schema = refer(dialect === 'original' ? 'OriginalError' : 'Problem');
    // The original endpoint tells a mismatch and a mistake by the same status.
    const other = responses[status]?.content[type];
    responses[status] = {
      description: [responses[status]?.description, ...group].filter(Boolean).join(', '),
      headers: headersOf(status),
      content: {
        [type]: other
          ? { schema: { anyOf: [other.schema, schema] }, examples: { ...other.examples, ...examples } }
          : { schema, examples },
      },
    };
  }
  return responses;
}

const TEXT = { schema: { type: 'string' } };
const PHOTO = { schema: { type: 'string', format: 'binary', contentMediaType: 'application/octet-stream' } };

function contentOf(name: Operation['replies'][number], example: unknown, streams: boolean): Record<string, Content> {
  if (name === 'image') return { 'image/jpeg': PHOTO, 'image/png': PHOTO, 'image/webp': PHOTO };
  if (name === 'metrics') return { 'text/plain': TEXT };
  const json = { schema: refer(name), ...(example !== undefined && { examples: { [name]: { value: example } } }) };
  return { 'application/json': json, ...(streams && { 'text/event-stream': TEXT }) };
}

function headersOf(status: number): Record<string, object> {
  const named = (name: keyof typeof HEADERS) => ({ $ref: `#/components/headers/${name}` });
  return {
    'X-Request-Id': named('RequestId'),
    ...(status === 202 && { Location: named('Location'), 'Preference-Applied': named('PreferenceApplied') }),
    ...([202, 429, 503].includes(status) && { 'Retry-After': named('RetryAfter') }),
    ...(status === 401 && { 'WWW-Authenticate': named('WWWAuthenticate') }),
  };
}

function refer(name: SchemaName): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

function groupByStatus(codes: readonly ErrorCode[]): Map<number, ErrorCode[]> {
  const groups = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    groups.set(ERRORS[code].status, [...(groups.get(ERRORS[code].status) ?? []), code]);
  }
  return groups;
}
