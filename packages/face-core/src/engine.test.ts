import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AnalysedFace, createPhotoAnalyser } from './analyse.js';
import { cosineDistance } from './compare.js';
import { createEngine, type Engine } from './engine.js';
import { DETECTOR_MODEL, type Precision, RECOGNISER_MODELS } from './models.js';

const MODELS = fileURLToPath(new URL('../../../models/', import.meta.url));
const PHOTOS = fileURLToPath(new URL('../../../test/fixtures/photos/', import.meta.url));
const ALL_MODELS = [DETECTOR_MODEL, ...Object.values(RECOGNISER_MODELS)];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-models-'));
  for (const { file } of ALL_MODELS) copyFileSync(join(MODELS, file), join(folder, file));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('createEngine', () => {
  it.each([DETECTOR_MODEL, RECOGNISER_MODELS.fp32])('says in one sentence that $file is missing', async ({ file }) => {
    rmSync(join(folder, file));
    const created = createEngine({ modelsDir: folder, executionProvider: 'cpu' });
    await expect(created).rejects.toThrow(/^The model file .*\.onnx cannot be read; restore it with [^\n]*\.$/);
  });

  it.each([
    ['truncated', (path: string) => truncateSync(path, 1000)],
    ['altered', (path: string) => writeFileSync(path, 'x', { flag: 'a' })],
    ['empty', (path: string) => truncateSync(path, 0)],
  ])('says in one sentence that a model is %s', async (_name, damage) => {
    damage(join(folder, RECOGNISER_MODELS.fp32.file));
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
    for (const { file, sha256 } of ALL_MODELS) {
      expect(readme.split('\n').find((line) => line.includes(file) && line.includes(sha256))).toBeDefined();
    }
  });

  it('reads only the model of its precision, and refuses the other in its place', async () => {
    const { fp32, int8 } = RECOGNISER_MODELS;
    copyFileSync(join(MODELS, fp32.file), join(folder, int8.file));
    const created = createEngine({ modelsDir: folder, executionProvider: 'cpu', precision: 'int8' });
    await expect(created).rejects.toThrow(/int8\.onnx is truncated or altered/);
    rmSync(join(folder, int8.file));
    const engine = await createEngine({ modelsDir: folder, executionProvider: 'cpu' });
    expect(engine.modelId).toBe(fp32.id);
    await engine.close();
  });
});

describe('int8', () => {
  const engines: Partial<Record<Precision, Engine>> = {};
  const faces: Record<Precision, AnalysedFace[]> = { fp32: [], int8: [] };
  beforeAll(async () => {
    const names = readdirSync(PHOTOS).filter((name) => name.endsWith('.jpg'));
    for (const precision of ['fp32', 'int8'] as const) {
      const engine = await createEngine({ modelsDir: MODELS, executionProvider: 'cpu', precision });
      engines[precision] = engine;
      const analyser = createPhotoAnalyser(engine, { maxPixels: 4e7 });
      for (const name of names) {
        const analysis = await analyser.analyse(readFileSync(PHOTOS + name));
        if (analysis.kind === 'face') faces[precision].push(analysis.face);
      }
    }
  });
  afterAll(async () => {
    for (const engine of Object.values(engines)) await engine.close();
  });

  it('has a vector space of its own', () => {
    expect(engines.int8?.modelId).not.toBe(engines.fp32?.modelId);
  });

  it('embeds a face nearly as fp32 does, but not the same', () => {
    expect(faces.fp32.length).toBeGreaterThan(1);
    expect(faces.int8).toHaveLength(faces.fp32.length);
    for (const [index, { embedding }] of faces.int8.entries()) {
      const distance = cosineDistance(embedding, faces.fp32[index]?.embedding as Float32Array);
      expect(distance).toBeLessThan(0.01);
      // A session that ran the other model would be nearer.
      expect(distance).toBeGreaterThan(1e-4);
    }
  });

  it('gives every pair of photos nearly the similarity that fp32 gives', () => {
    for (const [row, a] of faces.int8.entries()) {
      for (let column = row + 1; column < faces.int8.length; column++) {
        const int8 = cosineDistance(a.embedding, faces.int8[column]?.embedding as Float32Array);
        const fp32 = cosineDistance(
          faces.fp32[row]?.embedding as Float32Array,
          faces.fp32[column]?.embedding as Float32Array,
        );
        expect(Math.abs(int8 - fp32)).toBeLessThan(0.04);
        expect(int8 <= 0.593).toBe(fp32 <= 0.593);
      }
    }
  });

  it('keeps the photo’s norm, which the quality gate reads, within a tenth', () => {
    for (const [index, { quality }] of faces.int8.entries()) {
      const ratio = quality.embeddingNorm / (faces.fp32[index]?.quality.embeddingNorm as number);
      expect(Math.abs(ratio - 1)).toBeLessThan(0.1);
    }
  });
});
