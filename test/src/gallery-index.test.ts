import { setTimeout as sleep } from 'node:timers/promises';
import type { PhotoAnalyser, PhotoAnalysis } from '@rollcall/face-core';
import {
  createGallery,
  createGalleryIndex,
  type Gallery,
  GalleryFullError,
  type GalleryIndex,
} from '@rollcall/gallery';
import { type BlobStore, createBlobStore, loadConfig } from '@rollcall/platform';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from './support/rollcall.js';
import { until } from './support/until.js';

const EVERYBODY = { limit: 100, maxDistance: 2 };

/** A unit vector at this cosine distance from the probe. */
function faceAt(distance: number): Float32Array {
  const embedding = new Float32Array(128);
  embedding[0] = 1 - distance;
  embedding[1] = Math.sqrt(1 - (1 - distance) ** 2);
  return embedding;
}

const PROBE = faceAt(0);

/** In place of the networks: a photo's content is how far its face is from the probe, or that there is none. */
const analyser: PhotoAnalyser = {
  modelId: 'test',
  async analyse(bytes) {
    const content = Buffer.from(bytes).toString();
    if (content === 'no face') return { kind: 'no_face' } as PhotoAnalysis;
    const face = {
      embedding: faceAt(Number(content)),
      box: { x: 0, y: 0, w: 100, h: 100 },
      landmarks: Array.from({ length: 5 }, () => [0, 0]),
    };
    return { kind: 'face', face, ambiguous: false } as unknown as PhotoAnalysis;
  },
};

describe('gallery index', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let store: BlobStore;
  let gallery: Gallery;
  let index: GalleryIndex;
  const onError = vi.fn<(error: unknown, employeeId?: string) => void>();

  beforeEach(() => {
    folder = temporaryFolder();
    store = createBlobStore(loadConfig({ DATA_DIR: folder.path }));
    gallery = createGallery({ store, analyser });
    index = createGalleryIndex({ store, gallery, onError });
    onError.mockReset();
  });

  afterEach(() => {
    index.close();
    store.close();
    folder.remove();
  });

  /** Stores photos with faces at these distances as `face_1`, `face_2`, … */
  async function enrol(employeeId: string, ...distances: (number | 'no face')[]): Promise<void> {
    const bytes = distances.map((distance) => Buffer.from(`${distance}`));
    await Promise.all(bytes.map((content, i) => store.put(`employees/${employeeId}/face_${i + 1}.jpg`, content)));
  }

  async function erase(employeeId: string): Promise<void> {
    const objects = await store.list(`employees/${employeeId}/`);
    await store.delete(objects.map(({ key }) => key));
  }

  async function found(options: object = {}): Promise<string[]> {
    const candidates = await index.search(PROBE, { ...EVERYBODY, ...options });
    return candidates.map(({ employeeId, distance }) => `${employeeId} ${distance.toFixed(1)}`);
  }

  describe('loading', () => {
    it('finds nobody in an empty store', async () => {
      expect(await found()).toEqual([]);
      expect(index.size).toBe(0);
    });

    it('ranks employees by their nearest reference', async () => {
      await enrol('far', 0.9, 0.8);
      await enrol('near', 0.7, 0.1, 'no face', 0.5);
      await enrol('faceless', 'no face');
      await enrol('middle', 0.3);
      expect(await index.search(PROBE, EVERYBODY)).toEqual([
        { employeeId: 'near', photo: 'face_2.jpg', distance: expect.closeTo(0.1) },
        { employeeId: 'middle', photo: 'face_1.jpg', distance: expect.closeTo(0.3) },
        { employeeId: 'far', photo: 'face_2.jpg', distance: expect.closeTo(0.8) },
      ]);
      expect(index.size).toBe(6);
      expect(await found({ limit: 1, except: 'near' })).toEqual(['middle 0.3']);
      expect(await found({ maxDistance: 0.2 })).toEqual(['near 0.1']);
    });

    it('leaves out folders whose name is no employee id', async () => {
      await enrol('a+b', 0.1);
      await store.put('employees/face_1.jpg', Buffer.from('0.1'));
      await enrol('7', 0.2);
      expect(await found()).toEqual(['7 0.2']);
    });

    it('happens once and tells how far it is', async () => {
      for (let i = 0; i < 20; i++) await enrol(`${i}`, 0.5);
      const open = vi.spyOn(gallery, 'open');
      const progress: string[] = [];
      await Promise.all([index.load(({ done, total }) => progress.push(`${done}/${total}`)), index.load()]);
      expect(progress).toEqual(Array.from({ length: 20 }, (_, i) => `${i + 1}/20`));
      await index.load();
      expect(open).toHaveBeenCalledTimes(20);
    });

    it('loses one folder that cannot be read, and finds it when it can be', async () => {
      await enrol('broken', 0.1);
      await enrol('whole', 0.2);
      const { references } = gallery;
      vi.spyOn(gallery, 'references').mockImplementation(async (opened) => {
        if (opened.prefix.includes('broken')) throw new Error('no such luck');
        return references(opened);
      });
      expect(await found()).toEqual(['whole 0.2']);
      expect(onError.mock.calls).toEqual([[new Error('no such luck'), 'broken']]);
      vi.mocked(gallery.references).mockRestore();
      await index.relist();
      expect(await found()).toEqual(['broken 0.1', 'whole 0.2']);
    });

    it('fails without a listing, and succeeds with the next', async () => {
      await enrol('7', 0.2);
      vi.spyOn(store, 'list').mockRejectedValueOnce(new Error('away'));
      await expect(found()).rejects.toThrow('away');
      expect(await found()).toEqual(['7 0.2']);
    });
  });

  describe('told of a change', () => {
    it('reads the employee before the next search', async () => {
      await enrol('gone', 0.1);
      await enrol('moved', 0.2);
      await index.load();
      await erase('gone');
      await enrol('moved', 0.6);
      await enrol('new', 0.4);
      const open = vi.spyOn(gallery, 'open');
      for (const employeeId of ['gone', 'moved', 'new']) index.changed(employeeId);
      expect(open).not.toHaveBeenCalled();
      expect(await found()).toEqual(['new 0.4', 'moved 0.6']);
      expect(index.size).toBe(2);
    });

    it('holds for every search that begins after it', async () => {
      await enrol('7', 0.8);
      await index.load();
      await enrol('8', 0.1);
      index.changed('8');
      const answers = await Promise.all(Array.from({ length: 5 }, () => found({ limit: 1 })));
      expect(answers).toEqual(Array.from({ length: 5 }, () => ['8 0.1']));
    });

    it('keeps everybody else when the employee cannot be read', async () => {
      await enrol('7', 0.8);
      await index.load();
      await enrol('8', 0.1);
      vi.spyOn(gallery, 'references').mockRejectedValueOnce(new Error('no such luck'));
      index.changed('8');
      expect(await found()).toEqual(['7 0.8']);
      expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('no such luck'), '8');
    });
  });

  describe('behind its back', () => {
    it('never returns who has been erased, but the next nearest', async () => {
      await enrol('gone', 0.1);
      await enrol('there', 0.2);
      await index.load();
      await erase('gone');
      const answers = await Promise.all(Array.from({ length: 5 }, () => found({ limit: 1 })));
      expect(answers).toEqual(Array.from({ length: 5 }, () => ['there 0.2']));
      expect(index.size).toBe(1);
      expect(await store.list('employees/gone/')).toEqual([]);
    });

    it('never compares with a photo that has been replaced or removed', async () => {
      await enrol('replaced', 0.1);
      await enrol('fewer', 0.2, 0.5);
      await enrol('same', 0.4);
      await index.load();
      await enrol('replaced', 0.9);
      await store.delete(['employees/fewer/face_1.jpg']);
      expect(await found({ limit: 1 })).toEqual(['same 0.4']);
      expect(await found()).toEqual(['same 0.4', 'fewer 0.5', 'replaced 0.9']);
    });

    it('lists all when many have been erased', async () => {
      const leavers = Array.from({ length: 30 }, (_, i) => `leaver ${i}`);
      await Promise.all(leavers.map((employeeId) => enrol(employeeId, 0.1)));
      await enrol('there', 0.2);
      await index.load();
      await Promise.all(leavers.map(erase));
      expect(await found({ limit: 1 })).toEqual(['there 0.2']);
      expect(index.size).toBe(1);
    });

    it('rejects rather than guess when a candidate cannot be looked up', async () => {
      await enrol('7', 0.1);
      await index.load();
      vi.spyOn(gallery, 'open').mockRejectedValueOnce(new Error('away'));
      await expect(found()).rejects.toThrow('away');
      expect(await found()).toEqual(['7 0.1']);
    });

    it('reads with the next listing who differs, and nobody else', async () => {
      await enrol('gone', 0.1);
      await enrol('same', 0.2, 'no face');
      await enrol('more', 0.9);
      await index.load();
      await erase('gone');
      await enrol('more', 0.9, 0.3);
      await enrol('new', 0.4);
      const open = vi.spyOn(gallery, 'open');
      await index.relist();
      expect(open.mock.calls.flat().sort()).toEqual(['gone', 'more', 'new']);
      expect(await found()).toEqual(['same 0.2', 'more 0.3', 'new 0.4']);
      expect(index.size).toBe(4);
    });

    it('lists by itself, outlasting a store that was away', async () => {
      index.close();
      index = createGalleryIndex({ store, gallery, relistMs: 10, onError });
      await index.load();
      vi.spyOn(store, 'list').mockRejectedValueOnce(new Error('away'));
      await enrol('7', 0.1);
      await until('the photo is found', async () => (index.size === 1 ? true : undefined), 5_000);
      expect(onError.mock.calls).toEqual([[new Error('away')]]);
    });

    it('does not take back who is erased while a slow reading goes on', async () => {
      await index.load();
      await enrol('7', 0.1);
      const { references } = gallery;
      let letGo = () => {};
      const slow = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      const reading = vi.spyOn(gallery, 'references').mockImplementationOnce(async (opened) => {
        const read = await references(opened);
        await slow;
        return read;
      });
      const relisted = index.relist();
      await until('the photo is being read', () => (reading.mock.calls.length > 0 ? true : undefined));
      await erase('7');
      index.changed('7');
      const answer = found();
      await Promise.race([answer, sleep(100)]);
      letGo();
      await relisted;
      expect(await answer).toEqual([]);
      expect(index.size).toBe(0);
    });

    it('never returns what was gone before the search, whatever happens meanwhile', async () => {
      for (let i = 0; i < 8; i++) await enrol(`${i}`, 0.1);
      await index.load();
      const searches: Promise<void>[] = [];
      for (let i = 0; i < 8; i++) {
        await erase(`${i}`);
        if (i % 2) index.changed(`${i}`);
        if (i % 3 === 0) searches.push(index.relist());
        const left = Array.from({ length: 8 }, (_, n) => `${n} 0.1`).slice(i + 1);
        searches.push(found().then((ids) => expect(ids.filter((id) => !left.includes(id))).toEqual([])));
      }
      await Promise.all(searches);
      expect(await found()).toEqual([]);
      expect(index.size).toBe(0);
      expect(onError).not.toHaveBeenCalled();
    });
  });

  it('holds as many references as it may, says so, and takes more when there is room', async () => {
    index.close();
    index = createGalleryIndex({ store, gallery, maxReferences: 3, onError });
    await enrol('1', 0.1, 0.2);
    await enrol('2', 0.3);
    await index.load();
    await enrol('3', 0.4, 0.5);
    await index.relist();
    expect(await found()).toEqual(['1 0.1', '2 0.3']);
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.any(GalleryFullError), '3');
    await erase('1');
    await index.relist();
    expect(await found()).toEqual(['2 0.3', '3 0.4']);
  });

  it('does not read everybody for whom there is no room', async () => {
    index.close();
    index = createGalleryIndex({ store, gallery, maxReferences: 3, onError });
    for (let i = 0; i < 30; i++) await enrol(`${i}`, 0.1);
    const open = vi.spyOn(gallery, 'open');
    await index.load();
    expect(index.size).toBe(3);
    expect(open.mock.calls.length).toBeLessThan(20);
  });

  it('ends loading when it is closed', async () => {
    for (let i = 0; i < 20; i++) await enrol(`${i}`, 0.5);
    await expect(index.load(() => index.close())).rejects.toThrow('closed');
    expect(index.size).toBeLessThan(20);
    expect(onError).not.toHaveBeenCalled();
  });
});
