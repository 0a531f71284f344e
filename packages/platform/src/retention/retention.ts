import { CALLBACKS_QUEUE_NAME, QUEUE_NAME } from '@rollcall/contracts';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { BlobStore } from '../blob-store/blob-store.js';
import { createAddJob } from '../callbacks/add-job.js';
import { sweepCallbacks } from '../callbacks/callback-sweep.js';
import type { Config } from '../config.js';
import type { Logger } from '../logger.js';
import { asBullConnection } from '../redis.js';
import { reconcileUploads } from './reconcile.js';
import { sweepResults } from './result-sweep.js';
import { sweepUploads } from './upload-sweep.js';

export interface RetentionOptions extends Pick<Config, 'uploadMaxAgeSeconds' | 'resultTtlSeconds' | 'jobDeadlineMs'> {
  readonly store: BlobStore;
  /** Fails fast. */
  readonly redis: Redis;
  /** Milliseconds since the epoch, by the clock that all machines share. */
  readonly now: () => number;
  readonly logger: Logger;
}

export interface Retention {
  stop(): void;
}

/** What Redis has lost is found again within this and the age that an upload must have for it. */
const RECONCILE_SECONDS = 15;

/** Between two sweeps, unless something lives shorter than that. */
const MAX_INTERVAL_MS = 60_000;

/**
 * Sees to it that uploads and results are not kept longer than they may be, and that uploads and jobs fit together, at the
 * start and then regularly. Every API and
 * every worker does so, so that one of them alone is enough.
 */
export function startRetention(options: RetentionOptions): Retention {
  const { store, redis, uploadMaxAgeSeconds, resultTtlSeconds, jobDeadlineMs, now, logger } = options;
  const queue = new Queue(QUEUE_NAME, { connection: asBullConnection(redis) });
  const callbacks = new Queue(CALLBACKS_QUEUE_NAME, { connection: asBullConnection(redis) });
  const addJob = createAddJob(queue, redis);
  for (const each of [queue, callbacks]) each.on('error', () => undefined);

  async function uploads(): Promise<void> {
    const count = await sweepUploads(store, uploadMaxAgeSeconds * 1000);
    if (count > 0) logger.warn({ count }, 'removed uploads that outlived their job');
  }

  async function results(): Promise<void> {
    // Away for now; the next sweep comes.
    if (redis.status !== 'ready') return;
    const ages = { resultTtlMs: resultTtlSeconds * 1000, jobDeadlineMs };
    await sweepCallbacks(callbacks, redis, ages);
    await sweepResults(queue, redis, ages);
  }

  async function reconcile(): Promise<void> {
    if (redis.status !== 'ready') return;
    const { readded, expired } = await reconcileUploads({ store, queue, addJob, redis, resultTtlSeconds, now });
    if (readded + expired > 0) logger.warn({ readded, expired }, 'found uploads without a job');
  }

  const regularly = (what: string, sweep: () => Promise<void>, maxAgeSeconds: number) => {
    const run = () => sweep().catch((error: unknown) => logger.error({ err: error }, what));
    void run();
    return setInterval(run, Math.min(MAX_INTERVAL_MS, maxAgeSeconds * 1000));
  };
  const timers = [
    regularly('sweep of uploads', uploads, uploadMaxAgeSeconds),
    regularly('sweep of results', results, resultTtlSeconds),
    regularly('reconciling uploads with the queue', reconcile, RECONCILE_SECONDS),
  ];
  return {
    stop() {
      for (const timer of timers) clearInterval(timer);
      // It would wait for a Redis that is away; the connection is its owner's to end.
      for (const each of [queue, callbacks]) each.close().catch(() => undefined);
    },
  };
}
