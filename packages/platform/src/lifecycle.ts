import type { Logger } from './logger.js';

/** Exit status of a process that cannot work until somebody changes its configuration (EX_CONFIG of sysexits.h). */
export const EXIT_CONFIGURATION = 78;

/**
 * Runs `stop` once, on the first SIGTERM or SIGINT, or when the parent process that talks to this one over IPC is gone,
 * and exits 0 when it is done; exits 1 when it takes longer than `graceMs`.
 */
export function stopOnSignal(stop: (reason: string) => Promise<void>, graceMs: number, logger: Logger): void {
  let stopping = false;
  const begin = (reason: string) => {
    if (stopping) return;
    stopping = true;
    logger.info({ reason }, 'stopping');
    setTimeout(() => {
      logger.error({ grace_ms: graceMs }, 'stopping took too long; leaving');
      process.exit(1);
    }, graceMs).unref();
    stop(reason).then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'stopping failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => begin('SIGTERM'));
  process.on('SIGINT', () => begin('SIGINT'));
  if (process.send) process.on('disconnect', () => begin('parent gone'));
}

/**
 * Runs a process's `main`. An error that a person must mend (`fatalNames`) is printed as its one sentence and exits with
 * {@link EXIT_CONFIGURATION}; any other is printed whole and exits 1.
 */
export async function runMain(main: () => Promise<void>, fatalNames: readonly string[] = []): Promise<void> {
  try {
    await main();
  } catch (error) {
    const known = error instanceof Error && ['ConfigError', ...fatalNames].includes(error.name);
    process.stderr.write(`${known ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(known ? EXIT_CONFIGURATION : 1);
  }
}
