// The API: HTTP → store → queue → answer. `npm run api`, or started by `npm start`.
import { mkdir } from 'node:fs/promises';
import { createAdaptorServer } from '@hono/node-server';
import {
  connectForBlocking,
  connectForRequests,
  createBlobStore,
  createErasures,
  createGalleryChanges,
  createLogger,
  loadConfig,
  reportReady,
  requireRedisUrl,
  runMain,
  stopOnSignal,
} from '@rollcall/platform';
import { createApp } from './app.js';
import { createDirectory } from './employees/directory.js';
import { createErase } from './employees/erase.js';
import { createBullQueue } from './jobs/bullmq-queue.js';
import { createSubmit } from './jobs/submit.js';
import { createWaiters } from './jobs/waiters.js';
import { listen, stopServing } from './server.js';

const REDIS_PATIENCE_MS = 3_000;

await runMain(async () => {
  const config = loadConfig();
  const redisUrl = requireRedisUrl(config);
  await mkdir(config.dataDir, { recursive: true });
  const logger = createLogger({ name: 'api', level: config.logLevel, errorLogFile: config.errorLogFile });
  const store = createBlobStore(config);
  const redis = connectForRequests(redisUrl);
  const eventsRedis = connectForBlocking(redisUrl);
  for (const connection of [redis, eventsRedis]) {
    connection.on('error', (error) => logger.error({ err: error }, 'redis'));
  }
  const queue = createBullQueue({ redis, eventsRedis, resultTtlSeconds: config.resultTtlSeconds, logger });
  const waiters = createWaiters({
    endedJobs: queue,
    onError: (error) => logger.error({ err: error }, 'looking up the ends of jobs'),
  });
  queue.onEnded(waiters.settle);

  const app = createApp({
    submit: createSubmit({ uploads: store, queue, waiters, jobDeadlineMs: config.jobDeadlineMs }),
    queue,
    waiters,
    directory: createDirectory(store),
    erase: createErase({
      store,
      jobs: queue,
      erasures: createErasures(redis, config.jobDeadlineMs),
      changes: createGalleryChanges(redis),
    }),
    checks: {
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
    },
    logger,
    maxUploadBytes: config.maxUploadBytes,
    syncTimeoutMs: config.syncTimeoutMs,
    enforceDetection: config.enforceDetection,
  });
  const server = createAdaptorServer({ fetch: app.fetch });
  // Nobody is refused just because this process is faster than its connection; without Redis it serves 503s.
  await queue.connected(REDIS_PATIENCE_MS);
  const address = await listen(server, config);
  logger.info({ url: address }, 'listening');
  stopOnSignal(
    async () => {
      await stopServing(server);
      waiters.close();
      await queue.close();
      store.close();
    },
    config.shutdownGraceMs,
    logger,
  );
  reportReady({ url: address });
});
