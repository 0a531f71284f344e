// The worker: a supervisor of one inference process per core. `npm run worker`, or started by `npm start`.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  childEnvironment,
  createBlobStore,
  createLogger,
  EXIT_CONFIGURATION,
  forkScript,
  loadConfig,
  reportReady,
  requireRedisUrl,
  runMain,
  startSupervisor,
  stopOnSignal,
} from '@rollcall/platform';
import { startUploadSweep } from './upload-sweep.js';

/**
 * glibc keeps what loading the models freed, unless the threshold is fixed; 128 KiB is its own initial value. Saves a third
 * of an inference process's memory and costs no time (docs/performance.md).
 */
const INFERENCE_ENVIRONMENT = { MALLOC_TRIM_THRESHOLD_: '131072' };

await runMain(async () => {
  const config = loadConfig();
  requireRedisUrl(config);
  await mkdir(config.dataDir, { recursive: true });
  const logger = createLogger({ name: 'supervisor', level: config.logLevel, errorLogFile: config.errorLogFile });
  const store = createBlobStore(config);
  const script = fileURLToPath(new URL('./inference/main.js', import.meta.url));
  const environment = childEnvironment(INFERENCE_ENVIRONMENT);
  const supervisor = startSupervisor({
    name: 'inference',
    processes: config.workerProcesses,
    start: () => forkScript(script, environment),
    logger,
    onFatal: () => void supervisor.stop().then(() => process.exit(EXIT_CONFIGURATION)),
  });
  const sweep = startUploadSweep({ store, maxAgeSeconds: config.uploadMaxAgeSeconds, logger });
  stopOnSignal(
    async () => {
      sweep.stop();
      await supervisor.stop();
      store.close();
    },
    config.shutdownGraceMs + 2_000,
    logger,
  );
  await supervisor.ready;
  reportReady();
});
