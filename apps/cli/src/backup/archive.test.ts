import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditErasures, type BlobStore, createRawBlobStore } from '@rollcall/platform';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Archive, openArchive } from './archive.js';
import { keepHouse } from './housekeeping.js';
import { openJournal } from './journal.js';
import { saveObjects } from './save-objects.js';
import type { SavedObject, Snapshot } from './snapshot.js';

const DAY_MS = 86_400_000;
const KEYS = Array.from({ length: 12 }, (_, index) => `employees/${1000 + index}/face_1.jpg`);

let folder: string;
let store: BlobStore;
let archive: Archive;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-archive-'));
  store = createRawBlobStore({ s3: undefined, dataDir: join(folder, 'data') });
  archive = await openArchive(createRawBlobStore({ s3: undefined, dataDir: join(folder, 'backup') }));
  for (const key of KEYS) await store.put(key, Buffer.from(`photo of ${key}`));
});
afterEach(() => rmSync(folder, { recursive: true }));

const save = (known: readonly SavedObject[], over: Partial<BlobStore> = {}, onCopied = (_: SavedObject) => {}) =>
  saveObjects({ store: { ...store, ...over }, archive, known, onCopied });

const snapshotOf = (objects: SavedObject[], daysAgo = 0): Snapshot => ({
  version: 1,
  started_at: new Date(Date.now() - daysAgo * DAY_MS).toISOString(),
  source: 'test',
  objects,
  files: [],
  redis: null,
});

const nobody: AuditErasures = {
  employeeErasedAt: () => undefined,
  photoErasedAt: () => undefined,
  revokedTokens: new Set(),
  knownUntil: undefined,
};

describe('saving objects', () => {
  it('goes on where it was interrupted', async () => {
    const journal = openJournal(folder, 'test');
    let reads = 0;
    const get: BlobStore['get'] = (key) => {
      if (++reads > 5) return Promise.reject(new Error('the store is away'));
      return store.get(key);
    };
    await expect(save(journal.noted, { get }, journal.note)).rejects.toThrow('away');

    const copied: string[] = [];
    const { noted } = openJournal(folder, 'test');
    expect(noted.length).toBeGreaterThan(0);
    const saved = await save(noted, {}, ({ key }) => copied.push(key));
    expect(saved.map(({ key }) => key).sort()).toEqual(KEYS);
    expect(copied).toHaveLength(KEYS.length - noted.length);
    // Etags of another store mean nothing.
    expect(openJournal(folder, 'another').noted).toEqual([]);
  });

  it('copies again what changes meanwhile, and leaves out who is erased meanwhile', async () => {
    const [changed = '', erased = ''] = KEYS;
    let isFirst = true;
    const get: BlobStore['get'] = async (key) => {
      const object = await store.get(key);
      if (isFirst && key === KEYS.at(-1)) {
        isFirst = false;
        await store.put(changed, Buffer.from('another photo'));
        await store.delete([erased]);
      }
      return object;
    };
    const saved = await save([], { get });
    expect(saved.map(({ key }) => key).sort()).toEqual(KEYS.filter((key) => key !== erased));
    const { sha256 = '' } = saved.find(({ key }) => key === changed) ?? {};
    expect(Buffer.from(await archive.get(sha256)).toString()).toBe('another photo');
  });
});

describe('housekeeping', () => {
  it('removes old snapshots, who was erased since, queues of the past, and what nothing names any more', async () => {
    const objects = await save([]);
    const [first, second, third] = objects as [SavedObject, SavedObject, SavedObject];
    const queue = await archive.put(Buffer.from('a queue'));
    await archive.save(snapshotOf([first], 40));
    await archive.save({ ...snapshotOf([second, third], 10), redis: [queue] });
    const newest = await archive.save({ ...snapshotOf([third]), redis: [await archive.put(Buffer.from('another'))] });
    const erasures = [{ ...nobody, employeeErasedAt: (id: string) => (id === '1001' ? Date.now() : undefined) }];
    const options = { archive, newest, keepDays: 30, erasures, now: Date.now() };
    const house = await keepHouse(options);
    // All that was put in, but for the third photo and the newest queue.
    expect(house).toEqual({ removed: 1, erased: 1, pruned: KEYS.length });
    const names = await archive.snapshots();
    expect(names).toHaveLength(2);
    const [older, last] = await Promise.all(names.map((name) => archive.open(name)));
    expect(older).toMatchObject({ objects: [third], redis: null });
    expect(last?.redis).toHaveLength(1);
    for (const gone of [first.sha256, second.sha256, queue]) await expect(archive.get(gone)).rejects.toThrow('missing');
    expect(await keepHouse(options)).toEqual({ removed: 0, erased: 0, pruned: 0 });
  });
});
