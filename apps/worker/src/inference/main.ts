// One inference process: queue → job → outcome. Started by the supervisor, one per core.
import { createEngine, createPhotoAnalyser } from '@rollcall/face-core';
import { createEnrol, createGallery, createGalleryIndex } from '@rollcall/gallery';
import {
  answerMetrics,
  connectForBlocking,
  createBlobStore,
  createErasures,
  createGalleryChanges,
  createLockouts,
  createLogger,
  createProcessMetrics,
  createSharedClock,
  loadConfig,
  onGalleryChange,
  reportReady,
  requireRedisUrl,
  runMain,
  startTracing,
  stopOnSignal,
} from '@rollcall/platform';
import { createJobMetrics } from '../metrics/job-metrics.js';
import { observed, observedAnalyser } from '../metrics/observed.js';
import { createAssess } from './assess.js';
import { createCompare } from './compare.js';
import { createEnrolJob } from './enrol.js';
import { createIdentify } from './identify.js';
import { createJobHandler } from './job-handler.js';
import { withLockout } from './lockout.js';
import { startQueueWorker } from './queue-worker.js';
import { createUploadBin } from './upload-bin.js';
import { createVerify } from './verify.js';

/**
 * How long a photo that was put into the store behind Rollcall's back may take to be found by an identification; what came
 * in through Rollcall is found at once. A listing of 20,000 photos costs a process about a second of CPU.
 */
const RELIST_MS = 300_000;

await runMain(async () => {
  const config = loadConfig();
  const redisUrl = requireRedisUrl(config);
  const logger = createLogger('worker', config);
  const registry = createProcessMetrics('inference');
  const metrics = createJobMetrics(registry);
  answerMetrics(registry);
  const engine = await createEngine({
    ...config,
    onLost(error) {
      logger.fatal({ err: error }, 'the GPU fails every batch: this process makes way for a new one');
      process.exit(1);
    },
  });
  const analyser = observedAnalyser(metrics, createPhotoAnalyser(engine, { maxPixels: config.maxImagePixels }));
  const store = createBlobStore(config);
  const redis = connectForBlocking(redisUrl);
  const changesRedis = connectForBlocking(redisUrl);
  for (const connection of [redis, changesRedis]) {
    connection.on('error', (error) => logger.error({ err: error }, 'redis'));
  }
  const stored = createGallery({ store, analyser });
  const gallery = { ...stored, open: observed(metrics, 'list', stored.open) };
  const index = createGalleryIndex({
    store,
    gallery: stored,
    relistMs: RELIST_MS,
    onError: (error) => logger.error({ err: error }, 'gallery index'),
  });
  await onGalleryChange(changesRedis, (employeeId) => {
    gallery.forget(employeeId);
    index.changed(employeeId);
  });
  const uploadBin = createUploadBin({
    store,
    onError: (error, count) => logger.error({ err: error, count }, 'uploads could not be removed; the sweep will'),
  });
  const { qualityLimits, matchDistanceThreshold } = config;
  const clock = createSharedClock(redis);
  const rules = { analyser, gallery, qualityLimits, matchDistanceThreshold, now: clock.now };
  const lockouts = createLockouts(redis, config.limits);
  const tracing = await startTracing({
    config: config.tracing,
    service: 'rollcall-worker',
    onError: (error) => logger.warn({ err: error }, 'traces cannot be sent'),
  });
  const worker = startQueueWorker({
    redis,
    concurrency: config.workerConcurrency,
    handle: createJobHandler({
      uploads: { get: observed(metrics, 'fetch', store.get) },
      now: clock.now,
      useCases: {
        verify: withLockout(createVerify(rules), lockouts),
        compare: createCompare(rules),
        assess: createAssess(rules),
        identify: withLockout(
          createIdentify({ ...rules, index: { search: observed(metrics, 'search', index.search) } }),
          lockouts,
        ),
        enrol: createEnrolJob({
          enrol: createEnrol({ ...rules, store, lookalikes: index }),
          erasures: createErasures(redis, config.jobDeadlineMs),
          store,
          announce: createGalleryChanges(redis).announce,
        }),
      },
    }),
    uploadBin,
    now: clock.now,
    metrics,
    tracing,
    logger,
  });
  // Ready for verifications at once; the first identification or enrolment waits for this.
  index.load().catch((error: unknown) => logger.error({ err: error }, 'gallery index'));
  stopOnSignal(
    async () => {
      await worker.close();
      await uploadBin.flush();
      await tracing?.close();
      index.close();
      clock.stop();
      redis.disconnect();
      changesRedis.disconnect();
      store.close();
      await engine.close();
    },
    config.shutdownGraceMs,
    logger,
  );
  reportReady();
}, ['ModelFileError', 'ExecutionProviderError']);
