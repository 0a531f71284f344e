// Adapters that the apps share: blob stores, Redis connections, access tokens, configuration, logging, process lifecycle.
export { type AccessToken, type AccessTokens, allows, createAccessTokens } from './access/access-tokens.js';
export {
  createToken,
  listTokens,
  type NewToken,
  revokeToken,
  type TokenListing,
  type TokenState,
} from './access/manage-tokens.js';
export {
  type Announcements,
  createErasureNotices,
  createGalleryChanges,
  onErasure,
  onGalleryChange,
} from './announcements.js';
export { AUDIT_ACTIONS, type AuditAction, type AuditEntry, type AuditLine } from './audit/audit-entry.js';
export { auditKeyFile, readAuditKey } from './audit/audit-key.js';
export { type AuditLog, createAuditLog } from './audit/audit-log.js';
export { auditLogFiles } from './audit/log-files.js';
export { type AuditFilter, readAudit } from './audit/read-audit.js';
export { type AuditErasures, readAuditErasures } from './audit/read-erasures.js';
export { type AuditReport, verifyAudit } from './audit/verify.js';
export { type BlobInfo, type BlobStore, BlobStoreError } from './blob-store/blob-store.js';
export { createEncryptedBlobStore, type EncryptedBlobStore } from './blob-store/encrypted.js';
export { checkEncryptionKeys, forgetEncryptionKeys, verifyEncryptionKeys } from './blob-store/encryption-check.js';
export { isValidKey } from './blob-store/key.js';
export { CALLBACK_ATTEMPTS, createAddJob } from './callbacks/add-job.js';
export { type CallbackHost, type CallbackTarget, checkCallbackUrl } from './callbacks/callback-hosts.js';
export { createSharedClock, type SharedClock } from './clock.js';
export {
  type AccessLimits,
  type AuditConfig,
  type Config,
  ConfigError,
  childEnvironment,
  type EncryptionConfig,
  type EncryptionKey,
  loadConfig,
  requireRedisUrl,
  type S3Config,
  type TlsFiles,
} from './config.js';
export { createErasures, type Erasures } from './erasures.js';
export { jobOptions } from './job-options.js';
export { EXIT_CONFIGURATION, runMain, stopOnSignal } from './lifecycle.js';
export { type Attempt, attemptOf, createLockouts, type Lockouts } from './limits/lockouts.js';
export { createRateLimit, type RateLimit, type RateState } from './limits/rate-limits.js';
export { createLogger, type Logger } from './logger.js';
export { answerMetrics, type ChildMetrics, createChildMetrics } from './metrics/child-metrics.js';
export { type MetricsServer, serveMetrics } from './metrics/metrics-server.js';
export { createProcessMetrics } from './metrics/process-metrics.js';
export { asBullConnection, connectForBlocking, connectForRequests } from './redis.js';
export { startRetention } from './retention/retention.js';
export { createBlobStore, createRawBlobStore } from './store.js';
export { forkScript, reportReady, type Supervisor, startSupervisor } from './supervisor.js';
export { encodeTombstone, readTombstones, type Tombstone, tombstoneKey } from './tombstones.js';
export { startTracing, type TraceAttributes, type Tracing } from './tracing/tracing.js';
export { VERSION } from './version.js';
export { withTimeout } from './with-timeout.js';
