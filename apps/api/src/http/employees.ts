import { type ErrorCode, employeeIdSchema, employeePrefix } from '@rollcall/contracts';
import type { AuditAction, AuditLog } from '@rollcall/platform';
import { Hono } from 'hono';
import { z } from 'zod';
import type { Directory } from '../employees/directory.js';
import type { Erase } from '../employees/erase.js';
import { ErasureIncompleteError } from '../jobs/ports.js';
import { requires } from './access.js';
import { type ApiContext, type ApiEnvironment, respond, send, sendError, traceOf } from './context.js';
import { imageTypeOf } from './image-type.js';

export interface EmployeeRoutesOptions {
  readonly directory: Directory;
  readonly erase: Erase;
  readonly audit: Pick<AuditLog, 'record'>;
}

/** Employees on one page, unless fewer or more are asked for. */
const DEFAULT_PAGE = 100;
const MAX_PAGE = 1000;

const pageSchema = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
  cursor: employeeIdSchema.optional(),
  prefix: employeeIdSchema.optional(),
});

/** `GET` and `DELETE` below `/v1/employees`: who is known, with which photos, and erasure. */
export function employeeRoutes({ directory, erase, audit }: EmployeeRoutesOptions): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();

  const note = (
    c: ApiContext,
    action: AuditAction,
    outcome: string,
    employee: string | null = null,
    photo: string | undefined = undefined,
  ) => audit.record({ ...traceOf(c), action, outcome, employee, photo });

  /** What fails is noted as well: an erasure has erased something by then. */
  async function noteFailure(
    c: ApiContext,
    action: AuditAction,
    employee: string | null,
    error: unknown,
    photo?: string,
  ): Promise<never> {
    await note(c, action, error instanceof ErasureIncompleteError ? 'erasure_incomplete' : 'failed', employee, photo);
    throw error;
  }

  /** Answers with what `find` returns for the employee of the path, or with `missing` when it returns nothing. */
  async function answer(
    c: ApiContext,
    action: AuditAction,
    missing: ErrorCode,
    find: (employeeId: string) => Promise<object | undefined>,
    photo?: (employeeId: string) => string,
  ): Promise<Response> {
    const id = employeeIdSchema.safeParse(c.req.param('id'));
    if (!id.success) return sendError(c, 'invalid_employee_id');
    const key = photo?.(id.data);
    const body = await find(id.data).catch((error: unknown) => noteFailure(c, action, id.data, error, key));
    await note(c, action, body ? 'done' : missing, id.data, key);
    return body ? send(c, { status: 200, body, outcome: 'found' }) : sendError(c, missing);
  }

  routes.get('/', requires('read'), async (c) => {
    const query = pageSchema.safeParse(c.req.query());
    if (!query.success) return sendError(c, 'invalid_request');
    const { limit, cursor, prefix } = query.data;
    const page = await directory
      .page({ limit, ...(cursor && { cursor }), ...(prefix && { prefix }) })
      .catch((error: unknown) => noteFailure(c, 'read', null, error));
    await note(c, 'read', 'done');
    return send(c, { status: 200, body: page, outcome: 'listed' });
  });

  for (const path of ['/:id', '/:id/faces'] as const) {
    routes.get(path, requires('read'), (c) => answer(c, 'read', 'employee_not_found', (id) => directory.employee(id)));
  }
  routes.delete('/:id', requires('erase'), (c) => answer(c, 'erase', 'employee_not_found', (id) => erase.employee(id)));
  routes.delete('/:id/faces/:face', requires('erase'), (c) =>
    answer(
      c,
      'erase_photo',
      'face_not_found',
      (id) => erase.face(id, c.req.param('face')),
      (id) => employeePrefix(id) + c.req.param('face'),
    ),
  );

  routes.get('/:id/faces/:face', requires('read'), async (c) => {
    const id = employeeIdSchema.safeParse(c.req.param('id'));
    const photo = id.success
      ? await directory
          .photo(id.data, c.req.param('face'))
          .catch((error: unknown) => noteFailure(c, 'read_photo', id.data, error))
      : undefined;
    const type = photo && imageTypeOf(photo.bytes);
    await note(c, 'read_photo', type ? 'done' : 'face_not_found', id.data ?? null);
    if (!photo || !type) return sendError(c, 'face_not_found');
    return respond(c, 200, photo.bytes, `image/${type}`);
  });

  return routes;
}
