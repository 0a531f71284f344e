// Adapters that the apps share: blob stores, Redis connections, configuration, logging, process lifecycle.
export { type BlobInfo, type BlobStore, BlobStoreError } from './blob-store/blob-store.js';
export { type Config, ConfigError, childEnvironment, loadConfig, requireRedisUrl } from './config.js';
export { createErasures, type Erasures } from './erasures.js';
export { createGalleryChanges, type GalleryChanges, onGalleryChange } from './gallery-changes.js';
export { EXIT_CONFIGURATION, runMain, stopOnSignal } from './lifecycle.js';
export { createLogger, type Logger } from './logger.js';
export { asBullConnection, connectForBlocking, connectForRequests } from './redis.js';
export { createBlobStore } from './store.js';
export { forkScript, reportReady, type Supervisor, startSupervisor } from './supervisor.js';
