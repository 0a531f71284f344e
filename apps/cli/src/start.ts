import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  childEnvironment,
  createLogger,
  EXIT_CONFIGURATION,
  forkScript,
  loadConfig,
  startSupervisor,
  stopOnSignal,
} from '@rollcall/platform';
import { startPrivateRedis } from './private-redis.js';

/**
 * Has glibc give back at once what a photo of 64 KiB or more occupied, and keep two arenas at most: a fifth less memory after
 * a burst (docs/performance.md). `npm run api` and the image set the same.
 */
const API_ENVIRONMENT = { MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_ARENA_MAX: '2' };

/**
 * Has V8 collect what grew old when a third has been added to it, not when it has grown to some hundred megabytes: photos that
 * were being stored hang on it. `npm run api` and the image set the same.
 */
const API_FLAGS = ['--max-semi-space-size=8', '--initial-heap-size=32', '--heap-growing-percent=30'];

/**
 * Whole system on one machine: private Redis (unless REDIS_URL is set), workers, API. Resolves when all are ready, and stops
 * them in the opposite order on a signal.
 */
export async function start(operands: string[]): Promise<number> {
  parseArgs({ args: operands });
  const config = loadConfig();
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const logger = createLogger('rollcall', config);
  const redis = config.redisUrl ? undefined : await startPrivateRedis(config.dataDir, logger);
  const connection = redis ? { REDIS_URL: redis.url } : {};

  const run = (name: string, main: string, environment = {}, flags: readonly string[] = []) =>
    startSupervisor({
      name,
      processes: 1,
      start: () =>
        forkScript(
          fileURLToPath(import.meta.resolve(main)),
          childEnvironment({ ...connection, ...environment }),
          flags,
        ),
      logger,
      onFatal: () => void stop().then(() => process.exit(EXIT_CONFIGURATION)),
    });
  const workers = run('worker', '@rollcall/worker/main');
  const api = run('api', '@rollcall/api/main', API_ENVIRONMENT, API_FLAGS);

  async function stop(): Promise<void> {
    // The API answers whoever waits before the workers that produce the answers leave.
    await api.stop();
    await workers.stop();
    await redis?.stop();
  }

  stopOnSignal(stop, 3 * config.shutdownGraceMs, logger);
  const [[listening]] = await Promise.all([api.ready, workers.ready]);
  logger.info(
    { url: listening?.url, data: config.dataDir, worker_processes: config.workerProcesses },
    'Rollcall is ready',
  );
  return 0;
}
