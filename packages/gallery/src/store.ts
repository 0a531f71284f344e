/** One stored object, as a listing shows it. */
export interface StoredObject {
  readonly key: string;
  readonly etag: string;
  readonly size: number;
}

/** What the gallery needs of a blob store. */
export interface ReferenceStore {
  put(key: string, bytes: Uint8Array): Promise<{ etag: string }>;
  get(key: string): Promise<{ bytes: Uint8Array; etag: string } | undefined>;
  list(prefix: string): Promise<readonly StoredObject[]>;
  delete(keys: readonly string[]): Promise<void>;
}
