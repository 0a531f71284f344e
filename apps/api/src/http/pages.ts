import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { PAGES_FOLDER } from '@rollcall/web';
import { Hono } from 'hono';
import { type ApiContext, type ApiEnvironment, sendError } from './context.js';

/** What the pages may do: load what is served beside them, show photos and the camera, and ask this API. Nothing else. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PERMISSIONS = 'camera=(self), screen-wake-lock=(self), microphone=(), geolocation=(), display-capture=(), usb=()';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

/** Paths under which pages are known; everything else has its place in the folder as its path. */
const PATHS: Readonly<Record<string, string>> = { '/gate.html': '/', '/admin.html': '/admin' };

interface Page {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
}

/** The gate's and the administrator's page with what they load, read once. They have no secrets and ask the API like anybody. */
export function pageRoutes(folder = PAGES_FOLDER): Hono<ApiEnvironment> {
  const routes = new Hono<ApiEnvironment>();
  for (const page of readPages(folder)) {
    routes.get(page.path, (c) => send(c, page));
    routes.all(page.path, (c) => sendError(c, 'method_not_allowed'));
  }
  return routes;
}

function readPages(folder: string): Page[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.flatMap((name) => {
    const type = TYPES[extname(name)];
    if (!type) return [];
    const bytes = new Uint8Array(readFileSync(join(folder, name)));
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`;
    return [{ path: PATHS[`/${name}`] ?? `/${name}`, bytes, type, etag }];
  });
}

function send(c: ApiContext, { bytes, type, etag }: Page): Response {
  c.get('log').outcome = 'page';
  const headers = c.get('headers');
  headers['content-security-policy'] = POLICY;
  headers['permissions-policy'] = PERMISSIONS;
  // Kept, and asked about each time, so that page and API are of one version.
  headers['Cache-Control'] = 'no-cache';
  headers.ETag = etag;
  c.set('hasHeaders', true);
  if (isKnown(c.req.header('if-none-match'), etag)) return new Response(null, { status: 304, headers });
  return new Response(bytes, { headers: { ...headers, 'Content-Type': type, 'Content-Length': `${bytes.length}` } });
}

/** RFC 9110, 13.1.2: compared weakly, for a proxy that compresses makes weak ones. */
function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === '*' || header.split(',').some((known) => known.trim().replace(/^W\//, '') === etag);
}
