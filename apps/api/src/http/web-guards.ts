import { Hono, type MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { secureHeaders } from 'hono/secure-headers';
import { type ApiMiddleware, sendError } from './context.js';

export interface WebOptions {
  /** Origins whose pages may call the API. */
  readonly corsOrigins: readonly string[];
  /** Whether this process itself speaks TLS. */
  readonly isSecure: boolean;
}

const HSTS = 'max-age=31536000';
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];
const CALLER_HEADERS = ['Authorization', 'Content-Type', 'Idempotency-Key', 'Prefer', 'X-Gate', 'X-Request-Id'];
const REPLY_HEADERS = [
  'Location',
  'Preference-Applied',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'Retry-After',
  'X-Request-Id',
];

/** Headers that keep a browser from doing anything with a reply but showing it to the page that asked. */
export function secureReplies({ isSecure }: WebOptions): ApiMiddleware {
  const headers = headersOf(
    secureHeaders({
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      xFrameOptions: 'DENY',
      strictTransportSecurity: isSecure ? HSTS : false,
    }),
  );
  return async (c, next) => {
    // Replies tell who was where; nothing on the way may keep them.
    Object.assign(c.get('headers'), await headers, { 'Cache-Control': 'no-store' });
    await next();
    if (c.get('hasHeaders')) return;
    // A stream, or an answer of a library.
    for (const [name, value] of Object.entries(c.get('headers'))) {
      if (!c.res.headers.has(name)) c.res.headers.set(name, value);
    }
  };
}

/** What a middleware puts on every reply alike. */
async function headersOf(middleware: MiddlewareHandler): Promise<Record<string, string>> {
  const app = new Hono().use(middleware).get('/', (c) => c.body(null));
  return Object.fromEntries((await app.request('/')).headers);
}

/** CORS for the configured origins; without any there is none. */
export function crossOrigin({ corsOrigins }: WebOptions): ApiMiddleware {
  if (corsOrigins.length === 0) return (_c, next) => next();
  return cors({
    origin: [...corsOrigins],
    allowMethods: ['GET', 'POST', 'DELETE'],
    allowHeaders: CALLER_HEADERS,
    exposeHeaders: REPLY_HEADERS,
    maxAge: 600,
  });
}

/**
 * Refuses requests that change something and come from a web page of an origin that is not ours and not configured. A
 * browser lets any page post a form to any server, also to one on the same machine; it names the page in `Origin`.
 */
export function refuseForeignPages({ corsOrigins }: WebOptions): ApiMiddleware {
  return async (c, next) => {
    const origin = c.req.header('origin');
    if (origin === undefined || SAFE_METHODS.includes(c.req.method) || corsOrigins.includes(origin)) return next();
    if (hostOf(origin) === new URL(c.req.url).host) return next();
    return sendError(c, 'origin_not_allowed');
  };
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
