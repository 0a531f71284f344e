/** One object as a listing shows it. */
export interface BlobInfo {
  readonly key: string;
  /** Changes whenever the object's content may have changed, whoever changed it. */
  readonly etag: string;
  /** Bytes that it takes in the store: a few more than its content when it is encrypted. */
  readonly size: number;
  /** Milliseconds since the epoch, by the store's clock. */
  readonly modifiedAt: number;
}

/** Which of the folders below a prefix to name. */
export interface FolderQuery {
  /** The last name of the page before; its folder need not exist any more. */
  readonly after?: string | undefined;
  /** How many names at most. */
  readonly limit: number;
  /** What the names begin with, as somebody may have typed it: no folder has a name that is impossible. */
  readonly startsWith?: string | undefined;
}

/**
 * Photos and embeddings, by key. Both adapters pass one test suite (`blob-store.contract.ts`).
 *
 * Keys are a folder and a name at least (`uploads/x`), `/`-separated, up to 1,024 bytes of UTF-8. Segments have 1 to 255
 * bytes, are not `.` or `..`, and contain neither `\` nor control characters. What others put into the store under any
 * other name is not listed.
 *
 * Every method rejects with a {@link BlobStoreError}: when the store stops answering, after the store's timeout.
 */
export interface BlobStore {
  /** Stores `bytes` under `key` and resolves with the etag once they are durable. Readers see the old or the new object, never a part. */
  put(key: string, bytes: Uint8Array): Promise<{ etag: string }>;
  /**
   * Stores as `put` does unless there is an object under `key`: then resolves with undefined and changes nothing. Of
   * simultaneous calls for one key, from all processes, one stores.
   */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<{ etag: string } | undefined>;
  /** The object's bytes, or undefined when there is none. */
  get(key: string): Promise<{ bytes: Uint8Array; etag: string } | undefined>;
  /**
   * Every object below the folder `prefix` (which ends in `/`, or is empty for all), in the byte order of the keys. An
   * empty folder that exists is listed as an object of size 0 whose key ends in `/`, as S3's folder markers are; so no
   * entry at all means that there is no such folder.
   */
  list(prefix: string): Promise<BlobInfo[]>;
  /**
   * The names, without the `prefix` and the final `/`, of the folders directly below the folder `prefix`, without a look
   * into them. They come in the byte order of the folders' keys, in which `José García/` is before `José/`.
   */
  folders(prefix: string, query: FolderQuery): Promise<string[]>;
  /** Removes what a listing named, empty folders too; missing ones are no error. Folders left empty by it disappear. */
  delete(keys: readonly string[]): Promise<void>;
  /** Resolves when the store can be used; rejects with a sentence that says what to mend. */
  check(): Promise<void>;
  close(): void;
}

export interface BlobStoreErrorOptions extends ErrorOptions {
  readonly origin?: string;
  readonly advice?: string;
}

/** What the store could not do. `message` names the operation and what to do, never an object's content. */
export class BlobStoreError extends Error {
  /**
   * `invalid_key` is the caller's mistake; `full` needs room; `unavailable` may pass by itself; `undecryptable` needs the
   * right encryption key, or the object as it was written.
   */
  readonly code: 'invalid_key' | 'full' | 'unavailable' | 'undecryptable';
  /** What the server or the system called it: `NoSuchBucket`, `EACCES`. */
  readonly origin: string | undefined;
  /** What to do, where the message ends with it. */
  readonly advice: string | undefined;

  constructor(code: BlobStoreError['code'], message: string, options: BlobStoreErrorOptions = {}) {
    super(message, options);
    this.name = 'BlobStoreError';
    this.code = code;
    this.origin = options.origin;
    this.advice = options.advice;
  }
}
