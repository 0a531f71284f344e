import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createPhotoAnalyser } from './analyse.js';
import { type DetectorOutputs, EMBEDDING_LENGTH, type Engine } from './engine.js';

const portrait = readFileSync(new URL('../../../test/fixtures/photos/person_a_1.jpg', import.meta.url));

interface Sighting {
  /** The natural logarithm of the box's side in strides of 32 px. */
  readonly logSide: number;
  /** Where the landmarks lie, in strides of 32 px from the detection's cell. */
  readonly landmarks: readonly number[];
}

/** A detector that sees this in the first cell of its coarsest map, whatever it looks at. */
function engineThatSees({ logSide, landmarks }: Sighting): Engine {
  return {
    executionProvider: 'cpu',
    modelId: 'test',
    async detect(_input, width, height): Promise<DetectorOutputs> {
      const outputs: Record<string, Float32Array> = {};
      for (const stride of [8, 16, 32]) {
        const cells = (width / stride) * (height / stride);
        const lengths = { cls: cells, obj: cells, bbox: 4 * cells, kps: 10 * cells };
        for (const [name, length] of Object.entries(lengths)) outputs[`${name}_${stride}`] = new Float32Array(length);
      }
      outputs.cls_32?.set([1]);
      outputs.obj_32?.set([1]);
      outputs.bbox_32?.set([2, 2, logSide, logSide]);
      outputs.kps_32?.set(landmarks);
      return outputs;
    },
    embed: async () => new Float32Array(EMBEDDING_LENGTH).fill(1),
    close: async () => undefined,
  };
}

const FACE = [1, 1, 3, 1, 2, 2, 1, 3, 3, 3];

describe('createPhotoAnalyser', () => {
  const kindOf = async (sighting: Sighting) =>
    (await createPhotoAnalyser(engineThatSees(sighting), { maxPixels: 1_000_000 }).analyse(portrait)).kind;

  it('takes landmarks in the places of a face', async () => {
    expect(await kindOf({ logSide: 1, landmarks: FACE })).toBe('face');
  });

  it.each<[string, Sighting]>([
    ['landmarks in one point', { logSide: 1, landmarks: FACE.map(() => 2) }],
    ['landmarks that are no numbers', { logSide: 1, landmarks: FACE.map(() => Number.NaN) }],
    ['landmarks at infinity', { logSide: 1, landmarks: FACE.map((at) => at * Number.POSITIVE_INFINITY) }],
    ['an endless box', { logSide: 1000, landmarks: FACE }],
    ['a box that is no number', { logSide: Number.NaN, landmarks: FACE }],
  ])('finds no face in %s', async (_name, sighting) => {
    expect(await kindOf(sighting)).toBe('no_face');
  });

  it.each([
    ['cpu', 1],
    ['webgpu', 3],
  ] as const)(
    'embeds on %s %i of three faces at a time, each in a buffer of its own',
    async (executionProvider, most) => {
      const inUse = new Set<Float32Array>();
      let atOnce = 0;
      let goOn: () => void = () => undefined;
      const enough = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const engine: Engine = {
        ...engineThatSees({ logSide: 1, landmarks: FACE }),
        executionProvider,
        async embed(aligned) {
          inUse.add(aligned);
          atOnce = Math.max(atOnce, inUse.size);
          if (atOnce === most) goOn();
          await enough;
          // Time for a call that ought to wait.
          await setTimeout(50);
          inUse.delete(aligned);
          return new Float32Array(EMBEDDING_LENGTH).fill(1);
        },
      };
      const analyser = createPhotoAnalyser(engine, { maxPixels: 1_000_000 });
      const analyses = await Promise.all([1, 2, 3].map(() => analyser.analyse(portrait)));
      expect(analyses.map(({ kind }) => kind)).toEqual(['face', 'face', 'face']);
      expect(atOnce).toBe(most);
    },
  );
});
