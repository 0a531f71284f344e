import { type ErrorCode, employeeIdSchema } from '@rollcall/contracts';
import { Hono } from 'hono';
import { z } from 'zod';
import type { Directory } from '../employees/directory.js';
import type { Erase } from '../employees/erase.js';
import { type ApiContext, type ApiEnvironment, send, sendError } from './context.js';
import { imageTypeOf } from './image-type.js';

export interface EmployeeRoutesOptions {
  readonly directory: Directory;
  readonly erase: Erase;
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
export function employeeRoutes({ directory, erase }: EmployeeRoutesOptions): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();

  routes.get('/', async (c) => {
    const query = pageSchema.safeParse(c.req.query());
    if (!query.success) return sendError(c, 'invalid_request');
    const { limit, cursor, prefix } = query.data;
    const page = await directory.page({ limit, ...(cursor && { cursor }), ...(prefix && { prefix }) });
    return send(c, { status: 200, body: page, outcome: 'listed' });
  });

  for (const path of ['/:id', '/:id/faces'] as const) {
    routes.get(path, (c) => answer(c, 'employee_not_found', (id) => directory.employee(id)));
  }
  routes.delete('/:id', (c) => answer(c, 'employee_not_found', (id) => erase.employee(id)));
  routes.delete('/:id/faces/:face', (c) => answer(c, 'face_not_found', (id) => erase.face(id, c.req.param('face'))));

  routes.get('/:id/faces/:face', async (c) => {
    const id = employeeIdSchema.safeParse(c.req.param('id'));
    const photo = id.success ? await directory.photo(id.data, c.req.param('face')) : undefined;
    const type = photo && imageTypeOf(photo.bytes);
    if (!photo || !type) return sendError(c, 'face_not_found');
    return c.body(Uint8Array.from(photo.bytes), 200, {
      'Content-Type': `image/${type}`,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    });
  });

  return routes;
}

/** Answers with what `find` returns for the employee of the path, or with `missing` when it returns nothing. */
async function answer(
  c: ApiContext,
  missing: ErrorCode,
  find: (employeeId: string) => Promise<object | undefined>,
): Promise<Response> {
  const id = employeeIdSchema.safeParse(c.req.param('id'));
  if (!id.success) return sendError(c, 'invalid_employee_id');
  c.get('log').employee_id = id.data;
  const body = await find(id.data);
  return body ? send(c, { status: 200, body, outcome: 'found' }) : sendError(c, missing);
}
