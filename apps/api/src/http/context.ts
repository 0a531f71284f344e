import { randomUUID } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { Dialect, ErrorCode } from '@rollcall/contracts';
import type { AuditEntry, Logger } from '@rollcall/platform';
import type { Context, MiddlewareHandler } from 'hono';
import type { Principal } from './access.js';
import type { ClientAddress } from './client-address.js';
import { errorReply, type Reply } from './replies.js';

/** What handlers add to the one log line of their request. */
export type LogFields = Record<string, string | number | boolean | undefined>;

export interface ApiEnvironment {
  /** Empty in a test that has no socket. */
  Bindings: Partial<HttpBindings>;
  Variables: {
    requestId: string;
    log: LogFields;
    address: string;
    principal: Principal;
    /** Of the reply. */
    headers: Record<string, string>;
    /** Whether the reply has them. */
    hasHeaders: boolean;
  };
}
export type ApiContext = Context<ApiEnvironment>;
export type ApiMiddleware = MiddlewareHandler<ApiEnvironment>;

/** Seconds after which a request that met something out of order may come again, unless it is told otherwise. */
const RETRY_AFTER_SECONDS = 1;

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Asked again and again, by whatever watches the service or waits for a job; an answer of 503 is still logged. */
const REPEATED = /^\/(healthz|readyz|metrics|v1\/jobs\/[^/]+|queues\/.+)$/;

/** Who a request is about is for the audit log to tell. */
const EMPLOYEE = /^(\/v1\/employees\/)[^/]+/;

/** A hostile path must not fill the log. */
const MAX_LOGGED_PATH = 200;

/** Gives every request an id (a caller's own, if it is harmless) and its client's address, and writes its one wide log line. */
export function requestLog(logger: Logger, clientAddress: ClientAddress): ApiMiddleware {
  return async (c, next) => {
    const startedAt = performance.now();
    const given = c.req.header('x-request-id');
    const requestId = given && REQUEST_ID.test(given) ? given : randomUUID();
    c.set('requestId', requestId);
    c.set('log', {});
    c.set('headers', { 'X-Request-Id': requestId });
    c.set('address', clientAddress(c.env?.incoming?.socket.remoteAddress, c.req.header('x-forwarded-for')));
    await next();
    const level =
      c.res.status >= 500 ? 'error' : c.req.method === 'GET' && REPEATED.test(c.req.path) ? 'debug' : 'info';
    logger[level](
      {
        request_id: requestId,
        method: c.req.method,
        path: c.req.path.replace(EMPLOYEE, '$1:id').slice(0, MAX_LOGGED_PATH),
        status: c.res.status,
        duration_ms: Math.round(performance.now() - startedAt),
        ...c.get('log'),
      },
      'request',
    );
  };
}

/** Which dialect a path speaks. */
export function dialectOf(c: ApiContext): Dialect {
  return c.req.path.startsWith('/v1/') ? 'v1' : 'original';
}

export function sendError(c: ApiContext, code: ErrorCode, retryAfterSeconds?: number): Response {
  return send(c, errorReply(code, dialectOf(c), c.get('requestId')), retryAfterSeconds);
}

/** @param retryAfterSeconds when to come again, for whoever is asked to */
export function send(c: ApiContext, { status, body, outcome }: Reply, retryAfterSeconds?: number): Response {
  c.get('log').outcome = outcome;
  const retryAfter = retryAfterSeconds ?? (status === 503 ? RETRY_AFTER_SECONDS : undefined);
  if (retryAfter !== undefined) c.get('headers')['Retry-After'] = `${retryAfter}`;
  const contentType = 'code' in body ? 'application/problem+json' : 'application/json';
  return respond(c, status, JSON.stringify(body), contentType);
}

/**
 * A reply with the headers that its request has gathered, as one plain object: that goes to the socket as it is, while one
 * header that is set on a finished Response, or a second one through Hono's context, costs more than all the rest of a reply.
 */
export function respond(c: ApiContext, status: number, body: string | Uint8Array, contentType: string): Response {
  c.set('hasHeaders', true);
  return new Response(body, { status, headers: { ...c.get('headers'), 'Content-Type': contentType } });
}

/** Who asks, for the audit log. */
export function traceOf(c: ApiContext): Pick<AuditEntry, 'token' | 'gate' | 'address' | 'request_id'> {
  const { tokenId, gate } = c.get('principal');
  return { token: tokenId, gate, address: c.get('address'), request_id: c.get('requestId') };
}
