// The API: HTTP → store → queue → answer. `npm run api`, or started by `npm start`.
import { mkdir } from 'node:fs/promises';
import {
  connectForBlocking,
  connectForRequests,
  createAccessTokens,
  createAuditLog,
  createBlobStore,
  createErasureNotices,
  createErasures,
  createGalleryChanges,
  createLockouts,
  createLogger,
  createProcessMetrics,
  createRateLimit,
  createSharedClock,
  loadConfig,
  onErasure,
  readAudit,
  reportReady,
  requireRedisUrl,
  runMain,
  startRetention,
  startTracing,
  stopOnSignal,
  verifyEncryptionKeys,
} from '@rollcall/platform';
import { createApp } from './app.js';
import { startCallbackDelivery } from './callbacks/delivery.js';
import { createDirectory } from './employees/directory.js';
import { createErase } from './employees/erase.js';
import { createForget } from './employees/forget.js';
import { createClientAddress } from './http/client-address.js';
import { createReadiness } from './http/health.js';
import { describeJob } from './http/jobs.js';
import { queueBoardHandler } from './http/queue-board.js';
import { createUploadGate } from './http/upload-gate.js';
import { createAdmission } from './jobs/admission.js';
import { createBullQueue } from './jobs/bullmq-queue.js';
import { createCancel } from './jobs/cancel.js';
import { createIdempotencyKeys } from './jobs/idempotency.js';
import { createJournal } from './jobs/journal.js';
import { createSubmit } from './jobs/submit.js';
import { createWaiters } from './jobs/waiters.js';
import { assertLoopback, isLoopback } from './loopback.js';
import { createApiMetrics } from './metrics/api-metrics.js';
import { registerSystemGauges } from './metrics/system-gauges.js';
import { createServer, listen, stopServing } from './server.js';
import { createSystemStatus } from './status/system-status.js';

const REDIS_PATIENCE_MS = 3_000;

/** Who still waits after this share of the grace is told where to ask again: a connection that is cut at its end tells nothing. */
const WAITING_SHARE_OF_GRACE = 0.8;

await runMain(async () => {
  const config = loadConfig();
  const redisUrl = requireRedisUrl(config);
  const clientAddress = createClientAddress(config.trustedProxies);
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const logger = createLogger('api', config);
  const tokens = createAccessTokens(config.apiTokensFile, {
    onError: (error) => logger.error({ err: error }, 'access tokens'),
  });
  await tokens.load();
  if (!tokens.required()) await assertLoopback(config.host);
  const store = createBlobStore(config);
  await verifyEncryptionKeys(store, config.encryption);
  const redis = connectForRequests(redisUrl);
  const eventsRedis = connectForBlocking(redisUrl);
  const erasuresRedis = connectForBlocking(redisUrl);
  const callbacksRedis = config.callbacks.hosts.length > 0 ? connectForBlocking(redisUrl) : undefined;
  for (const connection of [redis, eventsRedis, erasuresRedis, callbacksRedis]) {
    connection?.on('error', (error) => logger.error({ err: error }, 'redis'));
  }
  const tracing = await startTracing({
    config: config.tracing,
    service: 'rollcall-api',
    onError: (error) => logger.warn({ err: error }, 'traces cannot be sent'),
  });
  const queue = createBullQueue({
    redis,
    eventsRedis,
    resultTtlSeconds: config.resultTtlSeconds,
    telemetry: tracing?.telemetry,
    logger,
  });
  const waiters = createWaiters({
    endedJobs: queue,
    onError: (error) => logger.error({ err: error }, 'looking up the ends of jobs'),
  });
  queue.onEnded(waiters.settle);
  const clock = createSharedClock(redis);
  const admission = createAdmission({ readLoad: queue.readLoad, maxWaitingJobs: config.maxWaitingJobs });
  const audit = createAuditLog({
    ...config.audit,
    onError: (error) => logger.error({ err: error }, 'the audit log cannot be written'),
  });
  const lockouts = createLockouts(redis, config.limits);
  const forget = createForget({
    audit,
    lockouts,
    notices: createErasureNotices(redis),
    onError: (error) => logger.error({ err: error }, 'forgetting the name of an erased employee in the audit log'),
  });
  // Redis may be away for now; the subscription is made when it is there.
  onErasure(erasuresRedis, forget.heard).catch((error: unknown) => logger.error({ err: error }, 'redis'));
  const { requestsPerToken, requestsPerAddress } = config.limits;
  const followMs = config.jobDeadlineMs + config.resultTtlSeconds * 1000;

  const readiness = createReadiness({
    redis: async () => `answers ${await redis.ping()}`,
    store: async () => {
      await store.check();
      return config.s3 ? 's3' : 'filesystem';
    },
    workers: async () => {
      const count = await queue.countWorkers();
      if (count === 0) throw new Error('no worker is connected; start one with "npm run worker"');
      return `${count} connected`;
    },
  });
  const status = createSystemStatus({ ...config, queue, admission, readiness });
  const registry = createProcessMetrics('api');
  registerSystemGauges(registry, { status, readiness });

  const app = createApp({
    submit: createSubmit({
      uploads: store,
      queue,
      waiters,
      journal: createJournal({ audit, waiters, followMs }),
      idempotencyKeys: createIdempotencyKeys(redis),
      jobDeadlineMs: config.jobDeadlineMs,
      now: clock.now,
    }),
    cancel: createCancel(queue, store),
    admission,
    queue,
    waiters,
    directory: createDirectory(store),
    erase: createErase({
      store,
      jobs: queue,
      forget: forget.everywhere,
      erasures: createErasures(redis, config.jobDeadlineMs),
      now: clock.now,
      changes: createGalleryChanges(redis),
    }),
    access: {
      tokens,
      perToken: createRateLimit({ redis, name: 'token', requestsPerMinute: requestsPerToken }),
      perAddress: createRateLimit({ redis, name: 'address', requestsPerMinute: requestsPerAddress }),
    },
    web: { corsOrigins: config.corsOrigins, isSecure: config.tls !== undefined },
    clientAddress,
    lockouts,
    audit,
    readAudit: (filter) => readAudit(config.audit, filter),
    queueBoard: queueBoardHandler(redis),
    uploadGate: createUploadGate({ memoryBytes: config.uploadMemoryBytes, timeoutMs: config.uploadTimeoutMs }),
    readiness,
    status,
    metrics: createApiMetrics(registry),
    tracing,
    logger,
    maxUploadBytes: config.maxUploadBytes,
    syncTimeoutMs: config.syncTimeoutMs,
    jobDeadlineMs: config.jobDeadlineMs,
    enforceDetection: config.enforceDetection,
    callbackHosts: config.callbacks.hosts,
  });
  const server = createServer({
    fetch: app.fetch,
    tls: config.tls,
    uploadTimeoutMs: config.uploadTimeoutMs,
    onCertificateError: (error) => logger.error({ err: error }, 'the renewed certificate cannot be used'),
  });
  const callbacks =
    callbacksRedis &&
    startCallbackDelivery({
      redis: callbacksRedis,
      ...config.callbacks,
      telemetry: tracing?.telemetry,
      async describeJob(id) {
        const known = await queue.find(id);
        return known && describeJob(known, { admission, enforceDetection: config.enforceDetection });
      },
      logger,
    });
  const retention = startRetention({ ...config, store, redis, now: clock.now, logger });
  // Nobody is refused just because this process is faster than its connection; without Redis it serves 503s.
  await queue.connected(REDIS_PATIENCE_MS);
  // So that the bounds hold from the first request on.
  await admission.look();
  const address = await listen(server, config);
  stopOnSignal(
    async () => {
      const release = setTimeout(waiters.close, WAITING_SHARE_OF_GRACE * config.shutdownGraceMs);
      await Promise.all([stopServing(server), callbacks?.close()]);
      clearTimeout(release);
      waiters.close();
      admission.stop();
      clock.stop();
      retention.stop();
      await audit.close();
      erasuresRedis.disconnect();
      await queue.close();
      await tracing?.close();
      tokens.close();
      store.close();
    },
    config.shutdownGraceMs,
    logger,
  );
  logger.info({ url: address }, 'listening');
  if (tokens.required() && !config.tls && !(await isLoopback(config.host)) && config.trustedProxies.length === 0) {
    logger.warn('tokens and photos cross the network in clear; set TLS_CERT and TLS_KEY, or put a TLS proxy in front');
  }
  reportReady({ url: address });
});
