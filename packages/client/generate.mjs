// The API's description → docs/openapi.json → src/schema.ts: `npm run openapi` at the root. With --check nothing is
// written, and the exit status is 1 when one of them is not what would be.
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTypescript, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { describeApi } from '../../apps/api/dist/http/openapi.js';

const BLOB = ts.factory.createTypeReferenceNode('Blob');
const HEADER = '// Generated from docs/openapi.json by `npm run openapi`. Do not edit.\n\n';

const description = describeApi();
const nodes = await openapiTypescript(structuredClone(description), {
  // Photos of a multipart form.
  transform: (schema) => (schema.contentMediaType === 'application/octet-stream' ? BLOB : undefined),
});
const files = {
  '../../docs/openapi.json': `${JSON.stringify(description, null, 2)}\n`,
  'src/schema.ts': HEADER + astToString(nodes),
};

for (const [name, text] of Object.entries(files)) {
  const file = new URL(name, import.meta.url);
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text) {
    process.stderr.write(`${name} is not what the code describes: npm run openapi\n`);
    process.exitCode = 1;
  }
}
