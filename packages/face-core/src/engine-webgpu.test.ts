// The GPU's code path without a GPU: SwiftShader, a Vulkan driver in software that comes with Chromium, takes seconds per face.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ALIGNED_SIDE, createEngine, EMBEDDING_LENGTH, type Engine } from './engine.js';

const MODELS = fileURLToPath(new URL('../../../models/', import.meta.url));
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const VULKAN_LOADER = '/usr/lib/x86_64-linux-gnu/libvulkan.so.1';
const isHere = process.platform === 'linux' && process.arch === 'x64' && [SWIFTSHADER, VULKAN_LOADER].every(existsSync);
const MISSING = 'needs SwiftShader and the Vulkan loader: apt-get install chromium libvulkan1';

const MAX_DIFFERENCE = 1e-3;
const TIMEOUT_MS = 180_000;
const FACE_LENGTH = 3 * ALIGNED_SIDE * ALIGNED_SIDE;

/** Not a face, but as good for comparing arithmetic: smooth waves, other ones for every `seed`. */
function image(seed: number): Float32Array {
  return Float32Array.from({ length: FACE_LENGTH }, (_, i) => {
    const [x, y] = [i % ALIGNED_SIDE, Math.floor(i / ALIGNED_SIDE)];
    return 127.5 * (1 + Math.sin(x / (7 + seed)) * Math.cos(y / (11 - seed)));
  });
}

function largestDifference(one: Float32Array, other: Float32Array): number {
  return Math.max(...one.map((value, i) => Math.abs(value - (other[i] as number))));
}

describe.skipIf(!isHere)(`EXECUTION_PROVIDER=webgpu${isHere ? '' : ` (${MISSING})`}`, () => {
  const images = [0, 1, 2].map(image);
  let cpu: Engine;
  let gpu: Engine;
  let expected: Float32Array[];

  beforeAll(async () => {
    // Read by the Vulkan loader when the engine is made; the second is the name of older loaders.
    vi.stubEnv('VK_DRIVER_FILES', SWIFTSHADER);
    vi.stubEnv('VK_ICD_FILENAMES', SWIFTSHADER);
    cpu = await createEngine({ modelsDir: MODELS, executionProvider: 'cpu' });
    const embedBatch = { maxFaces: 2, maxWaitMs: 1 };
    gpu = await createEngine({ modelsDir: MODELS, executionProvider: 'webgpu', embedBatch });
    expected = [];
    for (const input of images) expected.push(await cpu.embed(input));
  }, TIMEOUT_MS);
  afterAll(() => {
    vi.unstubAllEnvs();
    return cpu?.close();
  });

  it(
    'gives the embeddings of the CPU, alone and in a batch',
    async () => {
      // Two fill a batch at once; the third follows alone.
      const embeddings = await Promise.all(images.map((input) => gpu.embed(input)));
      for (const [index, embedding] of embeddings.entries()) {
        expect(embedding).toHaveLength(EMBEDDING_LENGTH);
        expect(largestDifference(embedding, expected[index] as Float32Array)).toBeLessThan(MAX_DIFFERENCE);
      }
      // What the numbers above are worth: another image is far away.
      const [first, second] = embeddings as [Float32Array, Float32Array];
      expect(largestDifference(first, second)).toBeGreaterThan(100 * MAX_DIFFERENCE);
    },
    TIMEOUT_MS,
  );

  it('has the same vector space, so that embeddings made on either can be compared', () => {
    expect(gpu.modelId).toBe(cpu.modelId);
  });

  it('detects as the CPU does', async () => {
    const input = Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => (i * 31) % 256);
    expect(await gpu.detect(input, 64, 64)).toEqual(await cpu.detect(input, 64, 64));
  });

  it(
    'finishes what has been begun when it is closed',
    async () => {
      const embedding = gpu.embed(images[0] as Float32Array);
      await gpu.close();
      expect(largestDifference(await embedding, expected[0] as Float32Array)).toBeLessThan(MAX_DIFFERENCE);
      await expect(gpu.embed(images[0] as Float32Array)).rejects.toThrow('closed');
    },
    TIMEOUT_MS,
  );
});

describe('PRECISION=int8', () => {
  it('is refused on a GPU in one sentence', async () => {
    const created = createEngine({ modelsDir: MODELS, executionProvider: 'webgpu', precision: 'int8' });
    await expect(created).rejects.toThrow(
      /^PRECISION=int8 is made for a CPU and cannot be used with EXECUTION_PROVIDER=/,
    );
  });
});
