/** One stored object, as a listing shows it. */
export interface StoredObject {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
}

/** What the gallery needs of a blob store. */
export interface ReferenceStore {
  put(key: string, bytes: Uint8Array): Promise<{ etag: string }>;
  /** Undefined, and nothing changed, when there is an object with that key. */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<{ etag: string } | undefined>;
  get(key: string): Promise<{ bytes: Uint8Array; etag: string } | undefined>;
  list(prefix: string): Promise<readonly StoredObject[]>;
  delete(keys: readonly string[]): Promise<void>;
}
