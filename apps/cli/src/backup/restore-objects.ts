import type { AuditErasures, BlobStore } from '@rollcall/platform';
import type { Archive } from './archive.js';
import { isErasedSince } from './erased-since.js';
import { inParallel } from './in-parallel.js';
import { listAll } from './save-objects.js';
import type { SavedObject, Snapshot } from './snapshot.js';

export interface RestoreObjectsOptions {
  /** Without encryption: what is put is encrypted already. */
  readonly store: Pick<BlobStore, 'list' | 'put' | 'putIfAbsent'>;
  readonly archive: Archive;
  readonly snapshot: Snapshot;
  readonly erasures: readonly AuditErasures[];
  readonly onDone: () => void;
}

export interface RestoredObjects {
  readonly restored: number;
  /** Keys of what was left out: people, and photos, that were erased since. */
  readonly erased: readonly string[];
  /** Keys that the store does not have as they were put. */
  readonly wrong: readonly string[];
}

/** Puts everything of the snapshot into the store but what was erased since, and looks whether it is there. */
export async function restoreObjects(options: RestoreObjectsOptions): Promise<RestoredObjects> {
  const { store, archive, snapshot, erasures, onDone } = options;
  const wanted: SavedObject[] = [];
  const erased: string[] = [];
  for (const object of snapshot.objects) {
    if (isErasedSince(snapshot, object, erasures)) erased.push(object.key);
    else wanted.push(object);
  }
  // An embedding without its photo would be an orphan.
  const isEmbedding = ({ key }: SavedObject) => key.includes('/.rollcall/');
  for (const part of [wanted.filter((object) => !isEmbedding(object)), wanted.filter(isEmbedding)]) {
    await inParallel(part, async ({ key, sha256 }) => {
      const bytes = await archive.get(sha256);
      // A store that knows the key already has a word of its own.
      await (key.startsWith('encryption/') ? store.putIfAbsent(key, bytes) : store.put(key, bytes));
      onDone();
    });
  }
  const sizes = new Map((await listAll(store)).map(({ key, size }) => [key, size]));
  const wrong = wanted.filter(({ key, size }) => sizes.get(key) !== size).map(({ key }) => key);
  return { restored: wanted.length - wrong.length, erased, wrong };
}
