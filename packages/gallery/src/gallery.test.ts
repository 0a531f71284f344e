import { embeddingKey, employeePrefix } from '@rollcall/contracts';
import { type PhotoAnalyser, type PhotoAnalysis, rankReferences } from '@rollcall/face-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { createGallery } from './gallery.js';
import type { ReferenceStore } from './store.js';

const EMPLOYEE = '7';
const PHOTO = `${employeePrefix(EMPLOYEE)}face_1.jpg`;

/** Objects in memory; the etag is the number of the write. */
function createStore(): ReferenceStore {
  const objects = new Map<string, { bytes: Uint8Array; etag: string }>();
  let writes = 0;
  const store: ReferenceStore = {
    async list(prefix) {
      return [...objects]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, { bytes, etag }]) => ({ key, etag, size: bytes.length }));
    },
    async get(key) {
      return objects.get(key);
    },
    async put(key, bytes) {
      writes++;
      objects.set(key, { bytes, etag: String(writes) });
      return { etag: String(writes) };
    },
    async putIfAbsent(key, bytes) {
      return objects.has(key) ? undefined : store.put(key, bytes);
    },
    async delete(keys) {
      for (const key of keys) objects.delete(key);
    },
  };
  return store;
}

/** A network whose embedding of anything is the unit vector along `axis`. */
function createAnalyser(modelId: string, axis: number): PhotoAnalyser & { calls: number } {
  const analyser = {
    modelId,
    calls: 0,
    async analyse() {
      analyser.calls++;
      const embedding = new Float32Array(128);
      embedding[axis] = 1;
      const landmarks = Array.from({ length: 5 }, () => [0, 0]);
      const face = { embedding, box: { x: 0, y: 0, w: 100, h: 100 }, landmarks };
      return { kind: 'face', face, ambiguous: false } as unknown as PhotoAnalysis;
    },
  };
  return analyser;
}

describe('embeddings of another model', () => {
  let store: ReferenceStore;
  const fp32 = createAnalyser('fp32', 0);
  const int8 = createAnalyser('int8', 1);

  async function embeddingOf(analyser: PhotoAnalyser): Promise<Float32Array> {
    const gallery = createGallery({ store, analyser });
    const [reference] = await gallery.references(await gallery.open(EMPLOYEE));
    return reference?.embedding as Float32Array;
  }
  const stale = async (analyser: PhotoAnalyser) => {
    const gallery = createGallery({ store, analyser });
    return gallery.stale(await gallery.open(EMPLOYEE));
  };

  beforeEach(async () => {
    store = createStore();
    [fp32.calls, int8.calls] = [0, 0];
    await store.put(PHOTO, Buffer.from('photo'));
  });

  it('are not compared with: the photo is embedded again', async () => {
    await embeddingOf(fp32);
    const probe = await int8.analyse(Buffer.from('photo'));
    if (probe.kind !== 'face') throw new Error('no face');
    const gallery = createGallery({ store, analyser: int8 });
    const [nearest] = rankReferences(probe.face.embedding, await gallery.references(await gallery.open(EMPLOYEE)));
    expect(nearest?.distance).toBeCloseTo(0);
    expect(fp32.calls).toBe(1);
  });

  it('are replaced in the store once, and those of the same model are kept', async () => {
    await embeddingOf(fp32);
    await embeddingOf(fp32);
    expect(fp32.calls).toBe(1);
    await embeddingOf(int8);
    await embeddingOf(int8);
    expect(int8.calls).toBe(1);
    const record = await store.get(embeddingKey(PHOTO));
    expect(JSON.parse(Buffer.from(record?.bytes as Uint8Array).toString())).toMatchObject({ model: 'int8' });
  });

  it('count as stale, which is what a reindex looks for', async () => {
    expect(await stale(fp32)).toBe(1);
    await embeddingOf(fp32);
    expect(await stale(fp32)).toBe(0);
    expect(await stale(int8)).toBe(1);
    await embeddingOf(int8);
    expect(await stale(int8)).toBe(0);
    expect(await stale(fp32)).toBe(1);
  });
});
