// Verifications on a GPU, end to end, through SwiftShader: Vulkan in software, seconds per face (docs/gpu.md).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { employeePrefix } from '@rollcall/contracts';
import { cosineDistance, createEngine, createPhotoAnalyser, type Engine } from '@rollcall/face-core';
import { createGallery } from '@rollcall/gallery';
import { createBlobStore } from '@rollcall/platform';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { form, photo, post } from './support/client.js';
import { type System, startSystem, temporaryFolder } from './support/rollcall.js';

const MODELS = fileURLToPath(new URL('../../models/', import.meta.url));
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';
const VULKAN_LOADER = '/usr/lib/x86_64-linux-gnu/libvulkan.so.1';
const isHere = process.platform === 'linux' && process.arch === 'x64' && [SWIFTSHADER, VULKAN_LOADER].every(existsSync);
const MISSING = 'needs SwiftShader and the Vulkan loader: apt-get install chromium libvulkan1';

const EMPLOYEE = '1001';
const MAX_DIFFERENCE = 1e-3;
const TIMEOUT_MS = 120_000;

const SETTINGS = {
  EXECUTION_PROVIDER: 'webgpu',
  EMBED_BATCH_MAX_FACES: '2',
  WORKER_PROCESSES: '1',
  WORKER_CONCURRENCY: '2',
  SYNC_TIMEOUT_MS: '60000',
  VK_DRIVER_FILES: SWIFTSHADER,
  VK_ICD_FILENAMES: SWIFTSHADER,
};

/**
 * Renews the locks of running jobs in the worker's place: a software driver blocks it for longer than a lock lasts, which no
 * GPU does.
 */
function keepLocks(dataDir: string): { stop(): void } {
  const redis = new Redis(join(dataDir, 'redis/redis.sock'));
  const timer = setInterval(async () => {
    for (const key of await redis.keys('*:lock')) await redis.pexpire(key, TIMEOUT_MS);
  }, 500);
  return {
    stop() {
      clearInterval(timer);
      redis.disconnect();
    },
  };
}

describe.skipIf(!isHere)(`the system with EXECUTION_PROVIDER=webgpu${isHere ? '' : ` (${MISSING})`}`, () => {
  const folder = temporaryFolder();
  const store = createBlobStore({ s3: undefined, dataDir: folder.path });
  let engine: Engine;
  let system: System;
  let locks: ReturnType<typeof keepLocks>;
  let reference: Float32Array;
  let distanceOnCpu: number;

  beforeAll(async () => {
    engine = await createEngine({ modelsDir: MODELS, executionProvider: 'cpu' });
    const analyser = createPhotoAnalyser(engine, { maxPixels: 4e7 });
    const embeddingOf = async (name: string) => {
      const analysis = await analyser.analyse(await photo(name));
      if (analysis.kind !== 'face') throw new Error('no face');
      return analysis.face.embedding;
    };
    reference = await embeddingOf('person_a_1.jpg');
    distanceOnCpu = cosineDistance(reference, await embeddingOf('person_a_2.jpg'));
    await store.put(`${employeePrefix(EMPLOYEE)}face_1.jpg`, await photo('person_a_1.jpg'));
    const gallery = createGallery({ store, analyser });
    await gallery.references(await gallery.open(EMPLOYEE));
    system = await startSystem('start', { ...SETTINGS, DATA_DIR: folder.path });
    locks = keepLocks(folder.path);
  }, TIMEOUT_MS);
  afterAll(async () => {
    locks?.stop();
    await system?.stop();
    await engine?.close();
    folder.remove();
  });

  const verify = async (name: string) => post(`${system.url}/recognize_face`, form(EMPLOYEE, await photo(name)));

  it(
    'tells two people apart that come together, by a reference that was embedded on a CPU',
    async () => {
      const [same, other] = await Promise.all([verify('person_a_2.jpg'), verify('person_b_1.jpg')]);
      expect(same.status).toBe(200);
      expect(Math.abs(same.body.verification_result.distance - distanceOnCpu)).toBeLessThan(MAX_DIFFERENCE);
      expect(other.status).toBe(400);
      expect(other.body.reason).toBe('not_matched');
    },
    TIMEOUT_MS,
  );

  it('did each job once', () => {
    const jobs = system.lines.filter(({ msg }) => msg === 'job');
    expect(jobs.map(({ attempt }) => attempt)).toEqual([1, 1]);
  });
});
