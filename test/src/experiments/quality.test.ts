import { fileURLToPath } from 'node:url';
import { createEngine, createPhotoAnalyser, type Engine } from '@rollcall/face-core';
import { DEFAULT_QUALITY_LIMITS } from '@rollcall/gallery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_INTACT_REFUSED, MIN_LOST_REFUSED, runExperiment, verdictOf } from './quality-experiment.js';

const MODELS = fileURLToPath(new URL('../../../models/', import.meta.url));

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ modelsDir: MODELS, executionProvider: 'cpu' });
});
afterAll(() => engine.close());

describe('the quality gate', () => {
  // One photo of each person; `npm run experiment:quality` takes all.
  it('refuses what is lost and little of what is intact', { timeout: 60_000 }, async () => {
    const trials = await runExperiment({
      analyser: createPhotoAnalyser(engine, { maxPixels: 40_000_000 }),
      limits: DEFAULT_QUALITY_LIMITS,
      includes: (photo, level, { levels }) => !photo.endsWith('_2.jpg') && levels.indexOf(level) % 2 === 1,
    });
    const { lostRefused, intactRefused, cleanRefused } = verdictOf(trials);
    expect(cleanRefused).toEqual([]);
    expect(lostRefused).toBeGreaterThanOrEqual(MIN_LOST_REFUSED);
    expect(intactRefused).toBeLessThanOrEqual(MAX_INTACT_REFUSED);
  });
});
