import type { BlobStore } from './blob-store/blob-store.js';
import { createFilesystemBlobStore } from './blob-store/filesystem.js';
import { createMinioBlobStore } from './blob-store/minio.js';
import type { Config } from './config.js';

/** The configured store: S3 when MINIO_ENDPOINT is set, else files below DATA_DIR. */
export function createBlobStore({ s3, dataDir }: Pick<Config, 's3' | 'dataDir'>): BlobStore {
  return s3 ? createMinioBlobStore(s3) : createFilesystemBlobStore({ root: dataDir });
}
