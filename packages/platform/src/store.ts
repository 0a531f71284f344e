import type { BlobStore } from './blob-store/blob-store.js';
import { createEncryptedBlobStore, type EncryptedBlobStore } from './blob-store/encrypted.js';
import { createFilesystemBlobStore } from './blob-store/filesystem.js';
import { createMinioBlobStore } from './blob-store/minio.js';
import type { Config } from './config.js';

const NOT_ENCRYPTED: Config['encryption'] = { keys: [], strict: false };

type Place = Pick<Config, 's3' | 'dataDir'>;

export interface StoreOptions {
  /** Whether a missing bucket is made when it is needed; true unless told. */
  readonly makesBucket?: boolean;
}

/** The configured store without its encryption: objects are given out and taken as they lie in it. */
export function createRawBlobStore({ s3, dataDir }: Place, options: StoreOptions = {}): BlobStore {
  return s3 ? createMinioBlobStore({ ...s3, ...options }) : createFilesystemBlobStore({ root: dataDir });
}

/**
 * The configured store: S3 when MINIO_ENDPOINT is set, else files below DATA_DIR; encrypted when ENCRYPTION_KEYS is set.
 * @throws {ConfigError} when it has to be encrypted without a key.
 */
export function createBlobStore(
  { encryption = NOT_ENCRYPTED, ...place }: Place & Partial<Pick<Config, 'encryption'>>,
  options: StoreOptions = {},
): EncryptedBlobStore {
  return createEncryptedBlobStore(createRawBlobStore(place, options), encryption);
}
