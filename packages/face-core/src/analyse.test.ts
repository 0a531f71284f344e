import { readFileSync } from 'node:fs';
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
});
