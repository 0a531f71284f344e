import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describeApi } from '@rollcall/api/openapi';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { photo, photoPath } from './support/client.js';
import { type System, startSystem, temporaryFolder } from './support/rollcall.js';
import { bearer, createToken } from './support/tokens.js';

interface Content {
  readonly schema: object;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, Content>> }>>;
}
const description = describeApi() as { paths: Record<string, Record<string, Operation>>; components: object };
const operations = Object.values(description.paths).flatMap((methods) => Object.values(methods));

const ajv = new Ajv2020({ strict: false, validateFormats: true });
formats.default(ajv);
ajv.addFormat('employee-id', true);
ajv.addSchema({ $id: 'api', ...description });

/** What is wrong with a body, by the schema of a reply; undefined when nothing is. */
function violation(schema: object, body: unknown): string | undefined {
  const text = JSON.stringify(schema).replaceAll('"#/components/', '"api#/components/');
  const fits = ajv.compile(JSON.parse(text));
  return fits(body) ? undefined : ajv.errorsText(fits.errors);
}

const folder = temporaryFolder();
const settings = { DATA_DIR: join(folder.path, 'data'), WORKER_PROCESSES: '1' };
let system: System;
let admin: Record<string, string>;
let gate: Record<string, string>;
let images: Record<'enrolled' | 'probe' | 'other' | 'wall', Blob>;

beforeAll(async () => {
  const known = join(settings.DATA_DIR, 'employees/1001');
  mkdirSync(known, { recursive: true });
  copyFileSync(photoPath('person_a_1.jpg'), join(known, 'face_1.jpg'));
  mkdirSync(join(settings.DATA_DIR, 'employees/empty'), { recursive: true });
  admin = bearer(await createToken(settings, 'back office', 'admin'));
  gate = bearer(await createToken(settings, 'gate', 'verify', '--gates', 'north'));
  system = await startSystem('start', settings);
  const blob = async (name: string) => new Blob([new Uint8Array(await photo(name))]);
  const wall = sharp({ create: { width: 300, height: 300, channels: 3, background: '#c8b8a8' } }).jpeg();
  images = {
    enrolled: await blob('person_a_1.jpg'),
    probe: await blob('person_a_2.jpg'),
    other: await blob('person_b_1.jpg'),
    wall: new Blob([new Uint8Array(await wall.toBuffer())]),
  };
});
afterAll(async () => {
  await system.stop();
  folder.remove();
});

type Fields = readonly (readonly [string, string | Blob])[];

function send(method: string, path: string, fields?: Fields, headers: Record<string, string> = {}): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of fields ?? []) form.append(name, value);
  return fetch(system.url + path, {
    method,
    headers: { ...admin, ...headers },
    ...(fields && { body: form }),
  });
}

/** A request that is answered like this; in this order, for each may build on those before. */
interface Scene {
  readonly operation: string;
  readonly status: number;
  readonly request: () => Promise<Response>;
  /** Of an error. */
  readonly code?: string;
}

const verify = (path: string, id: string, image: () => Blob, headers = {}) =>
  send('POST', path, [['employee_id', id], ['image', image()]], headers); // biome-ignore format: one field a pair
const ASYNC = { prefer: 'respond-async' };
const KEY = { 'idempotency-key': 'one' };
const NOBODYS_JOB = '/v1/jobs/00000000-0000-4000-8000-000000000000';
let job = '';

const SCENES: readonly Scene[] = [
  { operation: 'isAlive', status: 200, request: () => send('GET', '/healthz') },
  { operation: 'isReady', status: 200, request: () => send('GET', '/readyz') },
  ...(['recognizeFace', 'verify'] as const).flatMap((operation): Scene[] => {
    const path = operation === 'verify' ? '/v1/verifications' : '/recognize_face';
    const isV1 = operation === 'verify';
    return [
      { operation, status: 200, request: () => verify(path, '1001', () => images.probe) },
      { operation, status: isV1 ? 200 : 400, request: () => verify(path, '1001', () => images.other) },
      { operation, status: 202, request: () => verify(path, '1001', () => images.probe, ASYNC) },
      { operation, status: 400, code: 'missing_fields', request: () => send('POST', path, [['employee_id', '1001']]) },
      { operation, status: 400, code: 'invalid_employee_id', request: () => verify(path, '..', () => images.probe) },
      {
        operation,
        status: 401,
        code: 'unauthorized',
        request: () => verify(path, '1001', () => images.probe, bearer('rc_no')),
      },
      {
        operation,
        status: 403,
        code: 'gate_not_allowed',
        request: () => verify(path, '1001', () => images.probe, { ...gate, 'x-gate': 'south' }),
      },
      { operation, status: 404, code: 'employee_not_found', request: () => verify(path, 'no', () => images.probe) },
      { operation, status: 404, code: 'reference_not_found', request: () => verify(path, 'empty', () => images.probe) },
      {
        operation,
        status: 415,
        code: 'unsupported_image_type',
        request: () => verify(path, '1001', () => new Blob(['<svg/>'])),
      },
    ];
  }),
  { operation: 'verify', status: 200, request: () => verify('/v1/verifications', '1001', () => images.probe, KEY) },
  {
    operation: 'verify',
    status: 422,
    code: 'idempotency_key_reused',
    request: () => verify('/v1/verifications', '1002', () => images.probe, KEY),
  },
  {
    operation: 'compare',
    status: 200,
    request: () => send('POST', '/v1/comparisons', [['image', images.enrolled], ['image', images.other]]), // biome-ignore format: one field a pair
  },
  {
    operation: 'compare',
    status: 202,
    request: () => send('POST', '/v1/comparisons', [['image', images.enrolled], ['image', images.other]], ASYNC), // biome-ignore format: one field a pair
  },
  {
    operation: 'identify',
    status: 200,
    request: () => send('POST', '/v1/identifications', [['image', images.probe]]),
  },
  {
    operation: 'identify',
    status: 202,
    request: () => send('POST', '/v1/identifications', [['image', images.probe]], ASYNC),
  },
  { operation: 'assess', status: 200, request: () => send('POST', '/v1/assessments', [['image', images.probe]]) },
  { operation: 'assess', status: 200, request: () => send('POST', '/v1/assessments', [['image', images.wall]]) },
  { operation: 'assess', status: 202, request: () => send('POST', '/v1/assessments', [['image', images.wall]], ASYNC) },
  {
    operation: 'enrol',
    status: 201,
    request: () => send('POST', '/v1/employees/1001/faces', [['image', images.probe]]),
  },
  {
    operation: 'enrol',
    status: 200,
    request: () => send('POST', '/v1/employees/1001/faces', [['image', images.probe]]),
  },
  {
    operation: 'enrol',
    status: 202,
    async request() {
      const reply = await send('POST', '/v1/employees/1001/faces', [['image', images.probe]], ASYNC);
      job = reply.headers.get('location') ?? '';
      return reply;
    },
  },
  {
    operation: 'enrol',
    status: 422,
    code: 'photos_refused',
    request: () => send('POST', '/v1/employees/1001/faces', [['image', images.wall]]),
  },
  {
    operation: 'enrol',
    status: 400,
    code: 'invalid_request',
    request: () => send('POST', '/v1/employees/1001/faces?force=yes', [['image', images.probe]]),
  },
  { operation: 'getJob', status: 200, request: () => send('GET', `${job}?wait=20`) },
  { operation: 'getJob', status: 200, request: () => send('GET', job, undefined, { accept: 'text/event-stream' }) },
  { operation: 'getJob', status: 404, code: 'job_not_found', request: () => send('GET', NOBODYS_JOB) },
  { operation: 'cancelJob', status: 409, code: 'job_begun', request: () => send('DELETE', job) },
  { operation: 'cancelJob', status: 404, code: 'job_not_found', request: () => send('DELETE', NOBODYS_JOB) },
  { operation: 'listEmployees', status: 200, request: () => send('GET', '/v1/employees?limit=1') },
  {
    operation: 'listEmployees',
    status: 400,
    code: 'invalid_request',
    request: () => send('GET', '/v1/employees?limit=0'),
  },
  {
    operation: 'listEmployees',
    status: 403,
    code: 'insufficient_scope',
    request: () => send('GET', '/v1/employees', undefined, gate),
  },
  { operation: 'getEmployee', status: 200, request: () => send('GET', '/v1/employees/1001') },
  { operation: 'getEmployee', status: 404, code: 'employee_not_found', request: () => send('GET', '/v1/employees/no') },
  { operation: 'listFaces', status: 200, request: () => send('GET', '/v1/employees/1001/faces') },
  { operation: 'getFace', status: 200, request: () => send('GET', '/v1/employees/1001/faces/face_1.jpg') },
  {
    operation: 'getFace',
    status: 404,
    code: 'face_not_found',
    request: () => send('GET', '/v1/employees/1001/faces/face_9.jpg'),
  },
  { operation: 'eraseFace', status: 200, request: () => send('DELETE', '/v1/employees/1001/faces/face_2.jpg') },
  { operation: 'eraseEmployee', status: 200, request: () => send('DELETE', '/v1/employees/1001') },
  {
    operation: 'eraseEmployee',
    status: 404,
    code: 'employee_not_found',
    request: () => send('DELETE', '/v1/employees/1001'),
  },
  { operation: 'getStatus', status: 200, request: () => send('GET', '/v1/status') },
  { operation: 'getMetrics', status: 200, request: () => send('GET', '/metrics') },
  { operation: 'readAudit', status: 200, request: () => send('GET', '/v1/audit?limit=2&action=erase') },
];

/** Of a working system no test can make these on purpose; other tests do, by breaking it. */
const NEEDS_A_FAULT = ['isReady 503', 'cancelJob 200'];

describe('every reply', () => {
  it('is as it is described', async () => {
    for (const { operation: id, status, code, request } of SCENES) {
      const reply = await request();
      const where = `${id} ${status} ${code ?? ''}`;
      const type = (reply.headers.get('content-type') ?? '').split(';')[0] as string;
      const content = operations.find(({ operationId }) => operationId === id)?.responses[status]?.content[type];
      expect({ where, status: reply.status }).toEqual({ where, status });
      expect(content, `${where}: ${type}`).toBeDefined();
      if (!type.endsWith('json')) {
        await reply.arrayBuffer();
        continue;
      }
      const body = await reply.json();
      expect({ where, violation: violation(content?.schema ?? {}, body) }).toEqual({ where, violation: undefined });
      if (code === undefined) continue;
      // The example of the error is what was answered, but for the ids.
      const example = content?.examples?.[code]?.value as Record<string, unknown> | undefined;
      const { request_id: _, job_id: __, photos: ___, ...told } = body as Record<string, unknown>;
      expect({ where, example }).toEqual({ where, example: expect.objectContaining(told) });
    }
  }, 60_000);

  it('that is no error is asked for above', () => {
    const asked = new Set(SCENES.map(({ operation, status }) => `${operation} ${status}`));
    const described = operations.flatMap(({ operationId, responses }) =>
      Object.entries(responses)
        .filter(([, { content }]) => !Object.hasOwn(content, 'application/problem+json'))
        .filter(([status, { content }]) => Number(status) < 400 || content['application/json']?.examples?.NotRecognized)
        .map(([status]) => `${operationId} ${status}`),
    );
    expect(described.filter((reply) => !asked.has(reply) && !NEEDS_A_FAULT.includes(reply))).toEqual([]);
  });

  it.each(operations.map((operation) => [operation.operationId, operation] as const))(
    '%s has examples that fit',
    (_id, { responses }) => {
      for (const [status, { content }] of Object.entries(responses)) {
        for (const [type, { schema, examples }] of Object.entries(content)) {
          if (!type.endsWith('json')) continue;
          expect(Object.keys(examples ?? {}), status).not.toEqual([]);
          for (const { value } of Object.values(examples ?? {})) expect(violation(schema, value)).toBeUndefined();
        }
      }
    },
  );
});
