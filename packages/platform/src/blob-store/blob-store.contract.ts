import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlobStore, FolderQuery } from './blob-store.js';
import { compareKeys } from './key.js';
import { mapInSlices } from './map-in-slices.js';

/** An empty store to test, and what the suite cannot do through the port. */
export interface StoreUnderTest {
  readonly store: BlobStore;
  /** Makes the empty folder `prefix` in the store's own way. */
  makeFolder(prefix: string): Promise<unknown>;
  /** Bytes that content of `bytes` bytes takes in the store; as many, by default. */
  storedSize?(bytes: number): number;
}

/** What every {@link BlobStore} has to keep. */
export function blobStoreContract(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the contract of a blob store`, () => {
    let store: BlobStore;
    let makeFolder: StoreUnderTest['makeFolder'];
    let storedSize: (bytes: number) => number;

    beforeAll(async () => {
      ({ store, makeFolder, storedSize = (bytes: number) => bytes } = await makeStore());
    });
    afterAll(() => store?.close());

    const keysIn = async (prefix: string) => (await store.list(prefix)).map(({ key }) => key);
    const text = async (key: string) => Buffer.from((await store.get(key))?.bytes ?? []).toString();

    it('can be used', async () => {
      await expect(store.check()).resolves.toBeUndefined();
    });

    it('gives back what was stored, with one etag everywhere', async () => {
      const bytes = new Uint8Array(randomBytes(5000).buffer, 8, 3000);
      const { etag } = await store.put('round-trip/a', bytes);
      const got = await store.get('round-trip/a');
      expect(Buffer.compare(got?.bytes ?? Buffer.of(), bytes)).toBe(0);
      expect(got?.etag).toBe(etag);
      const [info, ...others] = await store.list('round-trip/');
      expect(others).toEqual([]);
      expect(info).toEqual({ key: 'round-trip/a', etag, size: storedSize(3000), modifiedAt: expect.any(Number) });
      expect(Math.abs((info?.modifiedAt ?? 0) - Date.now())).toBeLessThan(60_000);
    });

    it('has nothing for a missing object', async () => {
      await store.put('missing/name', Buffer.from('x'));
      expect(await store.get('missing/other')).toBeUndefined();
      expect(await store.get('missing/name/below')).toBeUndefined();
      expect(await store.get('nowhere/at/all')).toBeUndefined();
      expect(await store.list('nowhere/')).toEqual([]);
    });

    it('replaces an object under a new etag', async () => {
      const first = await store.put('replaced/a', Buffer.from('one'));
      const second = await store.put('replaced/a', Buffer.from('two'));
      expect(second.etag).not.toBe(first.etag);
      expect(await text('replaced/a')).toBe('two');
      expect(await keysIn('replaced/')).toEqual(['replaced/a']);
    });

    it('stores what is absent, and leaves what is there', async () => {
      const first = await store.putIfAbsent('absent/a', Buffer.from('one'));
      expect(first).toEqual({ etag: expect.any(String) });
      expect(await store.putIfAbsent('absent/a', Buffer.from('two'))).toBeUndefined();
      expect(await text('absent/a')).toBe('one');
      expect(await store.list('absent/')).toEqual([
        expect.objectContaining({ size: storedSize(3), etag: first?.etag }),
      ]);
      await store.delete(['absent/a']);
      expect(await store.putIfAbsent('absent/a', Buffer.from('two'))).toBeDefined();
      expect(await text('absent/a')).toBe('two');
    });

    it('lets one of two store a large object', async () => {
      const callers = [1, 2].map((i) => store.putIfAbsent('claimed/large/a', Buffer.alloc(65 * 1024 ** 2, i)));
      const winners = (await Promise.all(callers)).filter((result) => result !== undefined);
      expect(winners).toHaveLength(1);
      expect((await store.get('claimed/large/a'))?.etag).toBe(winners[0]?.etag);
    });

    it.each([
      ['the same', () => 'claim'],
      ['different', (i: number) => `claim ${i}`],
    ])('lets one of 20 store %s bytes', async (how, bytesOf) => {
      const key = `claimed/${how}/a`;
      const callers = Array.from({ length: 20 }, (_, i) => store.putIfAbsent(key, Buffer.from(bytesOf(i))));
      const results = await Promise.all(callers);
      const winners = results.flatMap((result, i) => (result ? [{ i, ...result }] : []));
      expect(winners).toHaveLength(1);
      const got = await store.get(key);
      expect(Buffer.from(got?.bytes ?? []).toString()).toBe(bytesOf(winners[0]?.i ?? -1));
      expect(got?.etag).toBe(winners[0]?.etag);
    });

    it('lets one after the other store, while they delete it again', async () => {
      let holders = 0;
      const worker = async (i: number) => {
        for (let rounds = 0; rounds < 10; ) {
          if ((await store.putIfAbsent('turns/7/a', Buffer.from(`${i}`))) === undefined) continue;
          expect(++holders).toBe(1);
          expect(await text('turns/7/a')).toBe(`${i}`);
          holders--;
          rounds++;
          await store.delete(['turns/7/a']);
        }
      };
      await Promise.all([1, 2, 3, 4].map(worker));
      expect(await keysIn('turns/')).toEqual([]);
    });

    it('lists one folder, and what is in the folders below it, in byte order', async () => {
      const inside = ['o/1/.rollcall/a', 'o/1/B', 'o/1/a-b', 'o/1/a/c', 'o/1/ａ', 'o/1/😀'];
      for (const key of ['o/10/a', 'o/1x', ...inside.toReversed()]) await store.put(key, Buffer.from(key));
      expect(await keysIn('o/1/')).toEqual(inside);
      expect(await keysIn('o/1/a/')).toEqual(['o/1/a/c']);
      const all = await keysIn('');
      expect(all.filter((key) => key.startsWith('o/'))).toEqual([...inside, 'o/10/a', 'o/1x']);
    });

    it.each([
      'names/José García/face 1.jpg',
      'names/日本語/顔_1.jpg',
      'names/a+b%20c&d=e?f#g.jpg',
      `names/<'quoted"> & ;*!()`,
      'names/ space at both ends ',
      'names/007',
      'names/1e5',
      'names/...',
      `names/${'x'.repeat(255)}`,
    ])('takes the key %j', async (key) => {
      await store.put(key, Buffer.from(key));
      expect(await text(key)).toBe(key);
      const folder = key.slice(0, key.lastIndexOf('/') + 1);
      expect(await keysIn(folder)).toContain(key);
      await store.delete([key]);
      expect(await keysIn(folder)).not.toContain(key);
    });

    it.each([
      '',
      'no-folder',
      '/absolute/a',
      'a//b',
      'a/./b',
      'a/../b',
      '../a/b',
      'a/..',
      'a/b\\c',
      'a/b\0c',
      'a/b\nc',
      'a/\ud800',
      `a/${'x'.repeat(256)}`,
      `a/${'x/'.repeat(512)}x`,
    ])('refuses the key %j', async (key) => {
      const refusal = expect.objectContaining({ name: 'BlobStoreError', code: 'invalid_key' });
      await expect(store.put(key, Buffer.from('x'))).rejects.toEqual(refusal);
      await expect(store.putIfAbsent(key, Buffer.from('x'))).rejects.toEqual(refusal);
      await expect(store.get(key)).rejects.toEqual(refusal);
      await expect(store.delete(['a/b', key])).rejects.toEqual(refusal);
      if (key !== '') await expect(store.list(key)).rejects.toEqual(refusal);
      if (key !== '') await expect(store.folders(key, { limit: 10 })).rejects.toEqual(refusal);
    });

    it.each([0, 20_000_000])('keeps an object of %i bytes', async (size) => {
      const bytes = randomBytes(size);
      const { etag } = await store.put('size/a', bytes);
      const got = await store.get('size/a');
      expect(Buffer.compare(got?.bytes ?? Buffer.from('none'), bytes)).toBe(0);
      const stored = { key: 'size/a', size: storedSize(size), etag };
      expect(await store.list('size/')).toEqual([expect.objectContaining(stored)]);
    });

    it('names the folders in the order of their keys, without what is beside and below them', async () => {
      const names = ['...', '007', '1e5', 'a', 'a-b', 'a b', 'a0', 'a0b', 'ab', 'é', '日本語', 'ａ', '😀'];
      const keys = names.flatMap((name) => [`f/1/${name}/x`, `f/1/${name}/y/z`]);
      for (const key of [...keys, 'f/1/a.txt', 'f/1/a00', 'f/10/a/x']) await store.put(key, Buffer.from(key));
      const expected = ['...', '007', '1e5', 'a b', 'a-b', 'a', 'a0', 'a0b', 'ab', 'é', '日本語', 'ａ', '😀'];
      const folders = (query: Partial<FolderQuery>) => store.folders('f/1/', { limit: 100, ...query });
      expect(await folders({})).toEqual(expected);
      for (const [i, after] of expected.entries()) {
        expect(await folders({ after })).toEqual(expected.slice(i + 1));
        expect(await folders({ after, limit: 1 })).toEqual(expected.slice(i + 1, i + 2));
      }
      for (const startsWith of ['', 'a', 'a ', 'a0', 'a0b', 'a0bc', '.', '..', ' .', '日', '\u{1f600}', 'z']) {
        const matching = expected.filter((name) => name.startsWith(startsWith));
        expect(await folders({ startsWith })).toEqual(matching);
        expect(await folders({ startsWith, limit: 1 })).toEqual(matching.slice(0, 1));
        for (const after of [...expected, 'a.txt', 'zz']) {
          const later = matching.filter((name) => compareKeys(`${name}/`, `${after}/`) > 0);
          expect(await folders({ startsWith, after })).toEqual(later);
        }
      }
      expect(await store.folders('f/', { limit: 100 })).toEqual(['1', '10']);
      expect(await folders({ limit: 0 })).toEqual([]);
      expect(await store.folders('f/nowhere/', { limit: 100 })).toEqual([]);
    });

    it('has no folder whose name begins with what none can have', async () => {
      await store.put('impossible/a/b/c', Buffer.from('x'));
      for (const startsWith of ['a/', 'a/b', '/', '../', 'a\n', 'a\\', '\ud800', 'a'.repeat(256)]) {
        expect(await store.folders('impossible/', { startsWith, limit: 10 })).toEqual([]);
      }
    });

    it.each(['', '.', '..', 'a/b', 'a\n', '\ud800'])('refuses to name the folders after %j', async (after) => {
      const refusal = expect.objectContaining({ name: 'BlobStoreError', code: 'invalid_key' });
      await expect(store.folders('refused/', { after, limit: 10 })).rejects.toEqual(refusal);
    });

    it('names 1,200 folders, 500 at a time', async () => {
      const names = Array.from({ length: 1200 }, (_, i) => `José ${String(i).padStart(4, '0')}`);
      await mapInSlices(names, 50, (name) => store.put(`crowd/${name}/a`, Buffer.from(name)));
      const first = await store.folders('crowd/', { limit: 500 });
      const second = await store.folders('crowd/', { limit: 500, after: first.at(-1) });
      const third = await store.folders('crowd/', { limit: 500, after: second.at(-1) });
      expect([first.length, second.length, third.length]).toEqual([500, 500, 200]);
      expect([...first, ...second, ...third]).toEqual(names);
      expect(await store.folders('crowd/', { limit: 5000 })).toEqual(names);
      expect(await store.folders('crowd/', { limit: 500, startsWith: 'José 11' })).toEqual(names.slice(1100));
    }, 60_000);

    it('deletes what it is told, and the folders that this empties', async () => {
      for (const key of ['gone/7/a', 'gone/7/b', 'gone/7/.rollcall/a']) await store.put(key, Buffer.from(key));
      await store.delete([]);
      await store.delete(['gone/7/a', 'gone/7/missing', 'gone/8/missing', 'gone/7/a/missing']);
      expect(await keysIn('gone/')).toEqual(['gone/7/.rollcall/a', 'gone/7/b']);
      await store.delete(['gone/7/b', 'gone/7/.rollcall/a']);
      expect(await keysIn('gone/')).toEqual([]);
    });

    it('lists and deletes 1,500 objects', async () => {
      const keys = Array.from({ length: 1500 }, (_, i) => `many/${String(i).padStart(4, '0')}`);
      await mapInSlices(keys, 50, (key) => store.put(key, Buffer.from(key)));
      expect(await keysIn('many/')).toEqual(keys);
      await store.delete(keys);
      expect(await keysIn('many/')).toEqual([]);
    }, 60_000);

    it('lists an empty folder as itself, until it is deleted', async () => {
      await makeFolder('empty/7/');
      const marker = { key: 'empty/7/', size: 0, etag: expect.any(String), modifiedAt: expect.any(Number) };
      expect(await store.list('empty/7/')).toEqual([marker]);
      expect(await store.list('empty/')).toEqual([marker]);
      expect(await store.folders('empty/', { limit: 1 })).toEqual(['7']);
      expect(await store.folders('empty/7/', { limit: 1 })).toEqual([]);
      await store.put('empty/7/8/a', Buffer.from('x'));
      expect(await store.folders('empty/7/', { limit: 1 })).toEqual(['8']);
      await makeFolder('empty/7/');
      await store.delete(['empty/7/8/a']);
      await store.delete(['empty/7/']);
      expect(await store.list('empty/')).toEqual([]);
    });

    it('keeps what is in a folder when the folder is deleted', async () => {
      await store.put('kept/7/a', Buffer.from('x'));
      await store.delete(['kept/7/']);
      expect(await keysIn('kept/7/')).toEqual(['kept/7/a']);
    });

    it('shows readers one whole version while many write it', async () => {
      const version = (i: number) => Buffer.alloc(50_000 + 10_000 * i, i);
      await store.put('contended/a', version(0));
      let writing = true;
      const seen = async () => {
        const bytes = Buffer.from((await store.get('contended/a'))?.bytes ?? []);
        expect(bytes.equals(version(bytes[0] ?? -1))).toBe(true);
      };
      const reader = async () => {
        while (writing) await seen();
      };
      const readers = [reader(), reader(), reader()];
      const writer = async (i: number) => {
        for (let round = 0; round < 5; round++) await store.put('contended/a', version(i));
      };
      await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(writer)).finally(() => {
        writing = false;
      });
      await Promise.all(readers);
      await seen();
      expect(await keysIn('contended/')).toEqual(['contended/a']);
    });

    it('loses nothing while others write and delete in the same folder', async () => {
      const worker = async (i: number) => {
        const key = `busy/7/.rollcall/${i}`;
        for (let round = 0; round < 15; round++) {
          const { etag } = await store.put(key, Buffer.from(`${i}`));
          expect((await store.get(key))?.etag).toBe(etag);
          await store.delete([key]);
          expect(await store.get(key)).toBeUndefined();
        }
      };
      const lister = async () => {
        for (let round = 0; round < 30; round++) await store.list('busy/');
      };
      await Promise.all([...[1, 2, 3, 4, 5, 6].map(worker), lister()]);
      expect(await keysIn('busy/')).toEqual([]);
    }, 30_000);
  });
}
