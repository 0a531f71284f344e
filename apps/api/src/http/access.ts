import { type ErrorCode, gateSchema, type Scope } from '@rollcall/contracts';
import { type AccessToken, allows, type RateLimit, type RateState } from '@rollcall/platform';
import { networkOf } from './client-address.js';
import { type ApiContext, type ApiMiddleware, sendError } from './context.js';

/** Who asks. */
export interface Principal {
  /** Null where no token is needed, or none was given. */
  readonly tokenId: string | null;
  /** The gate at which the request is made, if it is known. */
  readonly gate: string | null;
  allows(scope: Scope): boolean;
}

/** What the guard needs of the tokens. */
export interface TokenVerifier {
  /** False while there has never been a token. */
  required(): boolean;
  /** The token's rights, or undefined when it is not, or no longer, valid. */
  verify(presented: string): AccessToken | undefined;
}

export interface AccessOptions {
  readonly tokens: TokenVerifier;
  readonly perToken: RateLimit;
  readonly perAddress: RateLimit;
}

/** Asked by those who have no token: the description and the pages, which hold nothing secret, are the same for everybody. */
const PUBLIC_PATHS: readonly string[] = ['/', '/admin', '/healthz', '/readyz', '/openapi.json'];

/** What the pages are made of. No segment of such a path can lead elsewhere, or be read in two ways. */
const PUBLIC_FILES = /^\/assets\/([\w-][\w.-]*\/)*[\w-][\w.-]*$/;

/**
 * For operators only, with everything below them. They come to these with a browser, or with what gathers metrics, which cannot be
 * told to send a Bearer token but know Basic authentication: any user name, and the token as password.
 */
const ADMIN_PATHS = /^\/(metrics|docs|queues)(\/|$)/;

const READING: readonly string[] = ['GET', 'HEAD'];

const BEARER = 'Bearer realm="rollcall"';
/** Browsers look at the first scheme only. */
const BASIC_OR_BEARER = `Basic realm="rollcall", charset="UTF-8", ${BEARER}`;

const LOOPBACK_URL = /^https?:\/\/(([a-z0-9_.-]+\.)?localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?([/?#]|$)/i;

/** What proxies add to requests. */
const FORWARDED_HEADERS = ['x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'forwarded', 'via'];

const NOBODY: Principal = { tokenId: null, gate: null, allows: () => false };

/**
 * Lets in whoever has a valid token and keeps within the limits. Every path needs a token unless it is listed as public, so
 * that a route which is added later is closed until somebody opens it. While there are no tokens the server can only be
 * reached from this machine, and everybody on it may do everything.
 */
export function guard({ tokens, perToken, perAddress }: AccessOptions): ApiMiddleware {
  return async (c, next) => {
    c.set('principal', NOBODY);
    const namedGate = c.req.header('x-gate') ?? null;
    if (namedGate !== null && !gateSchema.safeParse(namedGate).success) return sendError(c, 'invalid_request');
    if (!tokens.required()) {
      // A foreign web page could reach this machine under a name that its own DNS resolves to loopback. And whoever comes
      // through a proxy may be anybody, whatever name the proxy makes of it.
      const isForwarded = FORWARDED_HEADERS.some((name) => c.req.header(name) !== undefined);
      if (isForwarded || !LOOPBACK_URL.test(c.req.url)) return sendError(c, 'host_not_allowed');
      c.set('principal', { tokenId: null, gate: namedGate, allows: () => true });
      return next();
    }

    const byAddress = await perAddress.count(networkOf(c.get('address')));
    if (!byAddress.allowed) return refuse(c, 'rate_limited', byAddress);
    const isForAdmin = ADMIN_PATHS.test(c.req.path);
    const isRead = READING.includes(c.req.method);
    const authorization = c.req.header('authorization') ?? '';
    // A browser adds a password that it knows by itself, also for pages of others: it must not change anything.
    const password = isForAdmin && isRead ? basicPassword(authorization) : undefined;
    const token = tokens.verify(bearerToken(authorization) ?? password ?? '');
    if (!token) {
      if (isRead && isPublic(c.req.path)) return next();
      c.get('headers')['WWW-Authenticate'] = isForAdmin ? BASIC_OR_BEARER : BEARER;
      return refuse(c, 'unauthorized', byAddress);
    }
    c.get('log').token = token.id;
    const byToken = await perToken.count(token.id);
    if (!byToken.allowed) return refuse(c, 'rate_limited', byToken);
    tell(c, byToken.remaining < byAddress.remaining ? byToken : byAddress);

    const gate = gateFor(token, namedGate);
    c.set('principal', { tokenId: token.id, gate: gate ?? null, allows: (scope) => allows(token, scope) });
    if (gate === undefined) return sendError(c, 'gate_not_allowed');
    if (isForAdmin && !allows(token, 'admin')) return sendError(c, 'insufficient_scope');
    return next();
  };
}

/** For a route: whoever asks must have the scope. */
export function requires(scope: Scope): ApiMiddleware {
  return (c, next) => (c.get('principal').allows(scope) ? next() : Promise.resolve(sendError(c, 'insufficient_scope')));
}

/** The gate of a request, null when none is known; undefined when the token is not for it. */
function gateFor({ gates }: AccessToken, named: string | null): string | null | undefined {
  if (gates.length === 0) return named;
  if (named === null) return gates.length === 1 ? gates[0] : undefined;
  return gates.includes(named) ? named : undefined;
}

function isPublic(path: string): boolean {
  return PUBLIC_PATHS.includes(path) || PUBLIC_FILES.test(path);
}

function bearerToken(header: string): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(header)?.[1];
}

/** RFC 7617: what follows the first colon. */
function basicPassword(header: string): string | undefined {
  const credentials = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(header)?.[1];
  return credentials && /^[^:]*:(.*)$/.exec(Buffer.from(credentials, 'base64').toString())?.[1];
}

function refuse(c: ApiContext, code: ErrorCode, state: RateState): Response {
  tell(c, state);
  return sendError(c, code, code === 'rate_limited' ? state.resetSeconds : undefined);
}

/** The headers of the IETF's draft-ietf-httpapi-ratelimit-headers-03, which clients know best. */
function tell(c: ApiContext, { limit, remaining, resetSeconds }: RateState): void {
  Object.assign(c.get('headers'), {
    'RateLimit-Limit': `${limit}`,
    'RateLimit-Remaining': `${remaining}`,
    'RateLimit-Reset': `${resetSeconds}`,
  });
}
