import { copyFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEngine } from './engine.js';
import { DETECTOR_MODEL, RECOGNISER_MODEL } from './models.js';

const MODELS = fileURLToPath(new URL('../../../models/', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-models-'));
  for (const { file } of [DETECTOR_MODEL, RECOGNISER_MODEL]) copyFileSync(join(MODELS, file), join(folder, file));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('createEngine', () => {
  it.each([DETECTOR_MODEL, RECOGNISER_MODEL])('says in one sentence that $file is missing', async ({ file }) => {
    rmSync(join(folder, file));
    const created = createEngine({ modelsDir: folder, executionProvider: 'cpu' });
    await expect(created).rejects.toThrow(/^The model file .*\.onnx cannot be read; restore it with [^\n]*\.$/);
  });

  it.each([
    ['truncated', (path: string) => truncateSync(path, 1000)],
    ['altered', (path: string) => writeFileSync(path, 'x', { flag: 'a' })],
    ['empty', (path: string) => truncateSync(path, 0)],
  ])('says in one sentence that a model is %s', async (_name, damage) => {
    damage(join(folder, RECOGNISER_MODEL.file));
    const created = createEngine({ modelsDir: folder, executionProvider: 'cpu' });
    await expect(created).rejects.toThrow(/^The model file .* is truncated or altered [^\n]*\.$/);
  });

  it('says what to do when the execution provider is not available', async () => {
    const created = createEngine({ modelsDir: folder, executionProvider: 'cuda' });
    await expect(created).rejects.toThrow(
      /^EXECUTION_PROVIDER=cuda cannot be used on this machine; set it to cpu, or install/,
    );
  });

  it('pins the very files that models/README.md lists', async () => {
    const readme = await readFile(join(MODELS, 'README.md'), 'utf8');
    for (const { file, sha256 } of [DETECTOR_MODEL, RECOGNISER_MODEL]) {
      expect(readme.split('\n').find((line) => line.includes(file) && line.includes(sha256))).toBeDefined();
    }
  });
});
