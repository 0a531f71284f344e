import { UPLOADS_PREFIX } from '@rollcall/contracts';
import type { BlobStore, Logger } from '@rollcall/platform';

export interface UploadSweepOptions {
  readonly store: Pick<BlobStore, 'list' | 'delete'>;
  readonly maxAgeSeconds: number;
  readonly logger: Logger;
}

export interface UploadSweep {
  stop(): void;
}

/** Between two sweeps, unless uploads live shorter than that. */
const MAX_INTERVAL_MS = 60_000;

/** Removes probe photos that a crash left behind, at start and then regularly. Any number of sweeps may run at once. */
export function startUploadSweep({ store, maxAgeSeconds, logger }: UploadSweepOptions): UploadSweep {
  const interval = Math.min(MAX_INTERVAL_MS, maxAgeSeconds * 1000);
  const sweep = async () => {
    const oldest = Date.now() - maxAgeSeconds * 1000;
    const stale = (await store.list(UPLOADS_PREFIX)).filter(
      ({ key, modifiedAt }) => key !== UPLOADS_PREFIX && modifiedAt < oldest,
    );
    if (stale.length === 0) return;
    await store.delete(stale.map(({ key }) => key));
    logger.warn({ count: stale.length }, 'removed uploads that outlived their job');
  };
  const run = () => sweep().catch((error: unknown) => logger.error({ err: error }, 'sweep of uploads'));
  const timer = setInterval(run, interval);
  void run();
  return { stop: () => clearInterval(timer) };
}
