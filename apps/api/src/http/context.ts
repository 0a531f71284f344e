import { randomUUID } from 'node:crypto';
import type { Dialect, ErrorCode } from '@rollcall/contracts';
import type { Logger } from '@rollcall/platform';
import type { Context, MiddlewareHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { errorReply, type Reply } from './replies.js';

/** What handlers add to the one log line of their request. */
export type LogFields = Record<string, string | number | boolean | undefined>;

export interface ApiEnvironment {
  Variables: { requestId: string; log: LogFields };
}
export type ApiContext = Context<ApiEnvironment>;

/** Seconds after which a refused but retryable request may come again. */
const RETRY_AFTER_SECONDS = '1';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Asked every few seconds by whatever watches the service; an answer of 503 is still logged. */
const PROBES = ['/healthz', '/readyz'];

/** A hostile path must not fill the log. */
const MAX_LOGGED_PATH = 200;

/** Gives every request an id (a caller's own, if it is harmless) and writes its one wide log line. */
export function requestLog(logger: Logger): MiddlewareHandler<ApiEnvironment> {
  return async (c, next) => {
    const startedAt = performance.now();
    const given = c.req.header('x-request-id');
    const requestId = given && REQUEST_ID.test(given) ? given : randomUUID();
    c.set('requestId', requestId);
    c.set('log', {});
    await next();
    c.header('X-Request-Id', requestId);
    const level = c.res.status >= 500 ? 'error' : PROBES.includes(c.req.path) ? 'debug' : 'info';
    logger[level](
      {
        request_id: requestId,
        method: c.req.method,
        path: c.req.path.slice(0, MAX_LOGGED_PATH),
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

export function sendError(c: ApiContext, code: ErrorCode): Response {
  return send(c, errorReply(code, dialectOf(c), c.get('requestId')));
}

export function send(c: ApiContext, { status, body, outcome }: Reply): Response {
  c.get('log').outcome = outcome;
  if (status === 503) c.header('Retry-After', RETRY_AFTER_SECONDS);
  return c.body(JSON.stringify(body), status as ContentfulStatusCode, {
    'Content-Type': 'code' in body ? 'application/problem+json' : 'application/json',
  });
}
