import { createEncryptedBlobStore, type EncryptedBlobStore } from './blob-store/encrypted.js';
import { createFilesystemBlobStore } from './blob-store/filesystem.js';
import { createMinioBlobStore } from './blob-store/minio.js';
import type { Config } from './config.js';

const NOT_ENCRYPTED: Config['encryption'] = { keys: [], strict: false };

/**
 * The configured store: S3 when MINIO_ENDPOINT is set, else files below DATA_DIR; encrypted when ENCRYPTION_KEYS is set.
 * @throws {ConfigError} when it has to be encrypted without a key.
 */
export function createBlobStore({
  s3,
  dataDir,
  encryption = NOT_ENCRYPTED,
}: Pick<Config, 's3' | 'dataDir'> & Partial<Pick<Config, 'encryption'>>): EncryptedBlobStore {
  const store = s3 ? createMinioBlobStore(s3) : createFilesystemBlobStore({ root: dataDir });
  return createEncryptedBlobStore(store, encryption);
}
