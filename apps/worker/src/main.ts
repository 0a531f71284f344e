// The worker: a supervisor of one inference process per core. `npm run worker`, or started by `npm start`.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  childEnvironment,
  connectForRequests,
  createBlobStore,
  createLogger,
  createSharedClock,
  EXIT_CONFIGURATION,
  forkScript,
  loadConfig,
  reportReady,
  requireRedisUrl,
  runMain,
  serveMetrics,
  startRetention,
  startSupervisor,
  stopOnSignal,
  verifyEncryptionKeys,
} from '@rollcall/platform';
import { createSupervisorMetrics } from './metrics/supervisor-metrics.js';

/**
 * glibc keeps what loading the models freed, unless the threshold is fixed; 128 KiB is its own initial value. Saves a third
 * of an inference process's memory and costs no time (docs/performance.md). Two arenas, lest every thread have one of its own.
 */
const INFERENCE_ENVIRONMENT = { MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_ARENA_MAX: '2' };

/** A verification leaves little for V8 to collect, but decoded photos hang on it: a small young generation frees them soon. */
const INFERENCE_FLAGS = ['--max-semi-space-size=4'];

await runMain(async () => {
  const config = loadConfig();
  const redisUrl = requireRedisUrl(config);
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const logger = createLogger('supervisor', config);
  const store = createBlobStore(config);
  await verifyEncryptionKeys(store, config.encryption);
  const script = fileURLToPath(new URL('./inference/main.js', import.meta.url));
  const environment = childEnvironment(INFERENCE_ENVIRONMENT);
  const metrics = createSupervisorMetrics();
  const metricsServer =
    config.metrics &&
    (await serveMetrics({
      ...config.metrics,
      ...metrics,
      onError: (error) => logger.error({ err: error }, 'metrics'),
    }));
  if (metricsServer) logger.info({ url: metricsServer.url }, 'metrics');
  const supervisor = startSupervisor({
    name: 'inference',
    processes: config.workerProcesses,
    start: () => metrics.watch(forkScript(script, environment, INFERENCE_FLAGS)),
    logger,
    onFatal: () => void supervisor.stop().then(() => process.exit(EXIT_CONFIGURATION)),
  });
  const redis = connectForRequests(redisUrl);
  // The inference processes tell what is wrong with it.
  redis.on('error', () => undefined);
  const clock = createSharedClock(redis);
  const retention = startRetention({ ...config, store, redis, now: clock.now, logger });
  stopOnSignal(
    async () => {
      retention.stop();
      clock.stop();
      redis.disconnect();
      await supervisor.stop();
      metricsServer?.close();
      store.close();
    },
    config.shutdownGraceMs + 2_000,
    logger,
  );
  await supervisor.ready;
  reportReady();
});
