import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Handler } from 'hono';
import { type ApiEnvironment, respond, sendError } from './context.js';

const UI_FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Rollcall API</title>
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png" />
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/init.js"></script>
  </body>
</html>
`;

const INIT = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
});
`;

/** The pictures of the style sheet are in it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** `/docs` and below: the API's description to be read and tried, from this server alone. */
export function docsHandler(): Handler<ApiEnvironment> {
  const { resolve } = createRequire(import.meta.url);
  return async (c) => {
    const name = c.req.path.replace(/^\/docs\/?/, '');
    c.get('headers')['content-security-policy'] = POLICY;
    c.get('log').outcome = 'read';
    if (name === '') return respond(c, 200, PAGE, 'text/html; charset=utf-8');
    if (name === 'init.js') return respond(c, 200, INIT, 'text/javascript; charset=utf-8');
    const type = Object.hasOwn(UI_FILES, name) ? UI_FILES[name] : undefined;
    if (type === undefined) return sendError(c, 'route_not_found');
    return respond(c, 200, await readFile(resolve(`swagger-ui-dist/${name}`)), type);
  };
}
