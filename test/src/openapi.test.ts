import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runNode } from './support/run.js';
import { ROOT } from './support/sources.js';

it('docs/openapi.json and the client are what the code describes', async () => {
  const checked = await runNode(join(ROOT, 'packages/client/generate.mjs'), ['--check'], {});
  expect(checked).toMatchObject({ code: 0, stderr: '' });
});
