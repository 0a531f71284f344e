// One inference process: queue → verify → result. Started by the supervisor, one per core.
import { createEngine, createPhotoAnalyser } from '@rollcall/face-core';
import { createGallery } from '@rollcall/gallery';
import {
  connectForBlocking,
  createBlobStore,
  createLogger,
  loadConfig,
  reportReady,
  requireRedisUrl,
  runMain,
  stopOnSignal,
} from '@rollcall/platform';
import { startQueueWorker } from './queue-worker.js';
import { createUploadBin } from './upload-bin.js';
import { createVerify } from './verify.js';

await runMain(async () => {
  const config = loadConfig();
  const redisUrl = requireRedisUrl(config);
  const logger = createLogger({ name: 'worker', level: config.logLevel, errorLogFile: config.errorLogFile });
  const engine = await createEngine(config);
  const analyser = createPhotoAnalyser(engine, { maxPixels: config.maxImagePixels });
  const store = createBlobStore(config);
  const redis = connectForBlocking(redisUrl);
  redis.on('error', (error) => logger.error({ err: error }, 'redis'));
  const uploadBin = createUploadBin({
    store,
    onError: (error, count) => logger.error({ err: error, count }, 'uploads could not be removed; the sweep will'),
  });
  const worker = startQueueWorker({
    redis,
    concurrency: config.workerConcurrency,
    verify: createVerify({
      uploads: store,
      gallery: createGallery({ store, analyser }),
      analyser,
      matchDistanceThreshold: config.matchDistanceThreshold,
      now: Date.now,
    }),
    uploadBin,
    logger,
  });
  stopOnSignal(
    async () => {
      await worker.close();
      await uploadBin.flush();
      redis.disconnect();
      store.close();
      await engine.close();
    },
    config.shutdownGraceMs,
    logger,
  );
  reportReady();
}, ['ModelFileError', 'ExecutionProviderError']);
