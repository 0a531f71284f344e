import { embeddingKey, employeePrefix, isReferencePhoto, photoOfEmbedding } from '@rollcall/contracts';
import type { PhotoAnalyser } from '@rollcall/face-core';
import { LRUCache } from 'lru-cache';
import {
  contentHash,
  decodeRecord,
  encodeRecord,
  type ReferenceFace,
  type ReferenceRecord,
  recordOf,
} from './reference-record.js';
import type { ReferenceStore, StoredObject } from './store.js';

/** A reference photo's face, ready to be compared. */
export interface Reference extends ReferenceFace {
  /** File name of the photo, e.g. `face_1.jpg`. */
  readonly photo: string;
}

/** A reference photo with what is known of it. */
export interface NamedRecord extends ReferenceRecord {
  readonly photo: string;
}

/** An employee's folder as it is now. */
export interface EmployeeFolder {
  readonly prefix: string;
  /** Whether anything is stored for the employee, be it an empty folder. */
  readonly exists: boolean;
  readonly photos: readonly StoredObject[];
  /** Stored embeddings by the key of their photo. */
  readonly embeddings: ReadonlyMap<string, StoredObject>;
}

export interface GalleryOptions {
  readonly store: ReferenceStore;
  readonly analyser: PhotoAnalyser;
  /** How many references stay in memory; each takes about 2 KB. */
  readonly cacheSize?: number;
}

export interface Gallery {
  /** One listing of the store: what anybody added, replaced or removed until now is in it. */
  open(employeeId: string): Promise<EmployeeFolder>;
  /** What is known of each of the folder's photos; photos that are gone meanwhile are left out. */
  records(folder: EmployeeFolder): Promise<NamedRecord[]>;
  /** The faces of the folder's photos; photos without a face are left out. */
  references(folder: EmployeeFolder): Promise<Reference[]>;
  /** How many of the folder's photos have no embedding of the current model and preprocessing beside them. */
  stale(folder: EmployeeFolder): Promise<number>;
  /** Drops what memory holds of the employee. */
  forget(employeeId: string): void;
}

const DEFAULT_CACHE_SIZE = 20_000;

/**
 * Reads employees' reference photos, embedding each once in its life: the embedding is kept beside the photo, and in
 * memory by (key, etag). The store is the only truth, so photos may also be changed behind Rollcall's back.
 */
export function createGallery({ store, analyser, cacheSize = DEFAULT_CACHE_SIZE }: GalleryOptions): Gallery {
  // Promises are kept, so that two jobs that need the same reference at the same time embed it once.
  const cache = new LRUCache<string, Promise<ReferenceRecord | undefined>>({ max: cacheSize });

  function cached(photo: StoredObject, stored: StoredObject | undefined): Promise<ReferenceRecord | undefined> {
    const id = `${photo.key}\n${photo.etag}`;
    const known = cache.get(id);
    if (known) return known;
    const loading = load(photo, stored);
    cache.set(id, loading);
    loading.then(
      // A photo that was replaced or removed while it was read must not be remembered under its old etag.
      (record) => record?.etag !== photo.etag && cache.delete(id),
      () => cache.delete(id),
    );
    return loading;
  }

  async function readRecord(stored: StoredObject | undefined): Promise<ReferenceRecord | undefined> {
    const object = stored && (await store.get(stored.key));
    return object && decodeRecord(object.bytes, analyser.modelId);
  }

  async function load(photo: StoredObject, stored: StoredObject | undefined): Promise<ReferenceRecord | undefined> {
    const record = await readRecord(stored);
    if (record?.etag === photo.etag) return record;
    return embed(photo.key, record);
  }

  /** Embeds the photo as it is now, unless `previous` shows that its content is still the same. */
  async function embed(photoKey: string, previous: ReferenceRecord | undefined): Promise<ReferenceRecord | undefined> {
    const object = await store.get(photoKey);
    if (!object) return undefined;
    const record =
      previous && previous.sha256 === contentHash(object.bytes)
        ? { ...previous, etag: object.etag }
        : recordOf(object.bytes, object.etag, await analyser.analyse(object.bytes));
    await store.put(embeddingKey(photoKey), encodeRecord(record, analyser.modelId));
    await dropIfOrphaned(photoKey);
    return record;
  }

  /** The photo may have been deleted while its embedding was computed; then the embedding must not outlive it. */
  async function dropIfOrphaned(photoKey: string): Promise<void> {
    const objects = await store.list(photoKey.slice(0, photoKey.lastIndexOf('/') + 1));
    if (!objects.some(({ key }) => key === photoKey)) await store.delete([embeddingKey(photoKey)]);
  }

  async function records({ prefix, photos, embeddings }: EmployeeFolder): Promise<NamedRecord[]> {
    const found = await Promise.all(photos.map((photo) => cached(photo, embeddings.get(photo.key))));
    return found.flatMap((record, index) => {
      const photo = photos[index]?.key.slice(prefix.length) ?? '';
      return record ? [{ ...record, photo }] : [];
    });
  }

  return {
    async open(employeeId) {
      const prefix = employeePrefix(employeeId);
      const objects = await store.list(prefix);
      const photos = objects.filter(({ key }) => isReferencePhoto(prefix, key));
      const photoKeys = new Set(photos.map(({ key }) => key));
      const embeddings = new Map<string, StoredObject>();
      const orphans: string[] = [];
      for (const object of objects) {
        const photoKey = photoOfEmbedding(prefix, object.key);
        if (photoKey === undefined) continue;
        if (photoKeys.has(photoKey)) embeddings.set(photoKey, object);
        else orphans.push(object.key);
      }
      if (orphans.length > 0) await store.delete(orphans);
      return { prefix, exists: objects.length > 0, photos, embeddings };
    },

    records,

    async references(folder) {
      return (await records(folder)).flatMap(({ photo, face }) => (face ? [{ ...face, photo }] : []));
    },

    async stale({ photos, embeddings }) {
      const stored = await Promise.all(photos.map(({ key }) => readRecord(embeddings.get(key))));
      return stored.filter((record, index) => record?.etag !== photos[index]?.etag).length;
    },

    forget(employeeId) {
      const prefix = employeePrefix(employeeId);
      for (const id of [...cache.keys()]) if (id.startsWith(prefix)) cache.delete(id);
    },
  };
}
