import { EMPLOYEES_PREFIX } from '@rollcall/contracts';
import type { BlobInfo, BlobStore } from '@rollcall/platform';
import type { Archive } from './archive.js';
import { inParallel } from './in-parallel.js';
import type { SavedObject } from './snapshot.js';

/** Everything that lives long in a store. Uploads end with their jobs. */
export const SAVED_PREFIXES = [EMPLOYEES_PREFIX, 'encryption/'] as const;

/** How often what has changed meanwhile is copied again. */
const MAX_PASSES = 4;

export interface SaveObjectsOptions {
  /** Without decryption. */
  readonly store: Pick<BlobStore, 'list' | 'get'>;
  readonly archive: Archive;
  /** What earlier backups have of this store. */
  readonly known: readonly SavedObject[];
  /** Hears of every object that is copied. */
  readonly onCopied: (object: SavedObject) => void;
}

/**
 * Copies into the archive what it does not have, while the service goes on, until the store is what was copied. Who is
 * erased meanwhile is not in the result.
 */
export async function saveObjects({ store, archive, known, onCopied }: SaveObjectsOptions): Promise<SavedObject[]> {
  const saved = new Map(known.filter(({ sha256 }) => archive.has(sha256)).map((object) => [object.key, object]));
  const isSaved = ({ key, etag }: BlobInfo) => saved.get(key)?.etag === etag;
  let listed = await listAll(store);
  for (let pass = 0; pass < MAX_PASSES && !listed.every(isSaved); pass++) {
    await inParallel(
      listed.filter((object) => !isSaved(object)),
      async ({ key }) => {
        const object = await store.get(key);
        if (object === undefined) return;
        const { bytes, etag } = object;
        const copied = { key, etag, size: bytes.length, sha256: await archive.put(bytes) };
        saved.set(key, copied);
        onCopied(copied);
      },
    );
    listed = await listAll(store);
  }
  return listed.flatMap(({ key }) => saved.get(key) ?? []);
}

/** Without the marks of empty folders. */
export async function listAll(store: Pick<BlobStore, 'list'>): Promise<BlobInfo[]> {
  const lists = await Promise.all(SAVED_PREFIXES.map((prefix) => store.list(prefix)));
  return lists.flat().filter(({ key }) => !key.endsWith('/'));
}
