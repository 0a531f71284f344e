import { hostname } from 'node:os';
import { JOB_VERSION, type Job, jobEnvelopeSchema, jobSchema, type Outcome, QUEUE_NAME } from '@rollcall/contracts';
import { asBullConnection, BlobStoreError, type Logger, type TraceAttributes, type Tracing } from '@rollcall/platform';
import { type Job as BullJob, DelayedError, Queue, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { JobMetrics } from '../metrics/job-metrics.js';
import { createEndedCounter } from './ended-counter.js';
import { createFairShare } from './fair-share.js';
import { type Handled, type HandleJob, UploadMissingError } from './job-handler.js';
import { wordOf } from './outcome-word.js';
import { createQuarantine } from './quarantine.js';
import type { UploadBin } from './upload-bin.js';

/**
 * A killed worker's job is free again when its lock has run out (LOCK_MS after the last renewal) and the next check for
 * stalled jobs comes round (STALLED_CHECK_MS): 7 s at most. Locks are renewed every LOCK_MS / 2.
 */
const LOCK_MS = 5_000;
const STALLED_CHECK_MS = 2_000;

/** How often a job may be taken from a dead worker: the second death fails it, before it can kill a third. */
const MAX_STALLED = 1;

/** Tries of a job that fails for a reason of its own. One that the store fails is tried until its deadline. */
const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 5_000;

/** To BullMQ: not again. */
const NEVER = -1;

/** A job of a newer version is put back for this long, for a newer worker. */
const NEWER_VERSION_DELAY_MS = 1_000;

export interface QueueWorkerOptions {
  readonly redis: Redis;
  readonly concurrency: number;
  readonly handle: HandleJob;
  readonly uploadBin: UploadBin;
  /** Milliseconds since the epoch, by the clock that all machines share. */
  readonly now: () => number;
  readonly metrics: JobMetrics;
  /** Undefined: no traces. */
  readonly tracing?: Tracing | undefined;
  readonly logger: Logger;
}

export interface QueueWorker {
  /** Takes no more jobs and resolves when the running ones have ended. */
  close(): Promise<void>;
}

/** Takes jobs from the queue, one wide log line each. */
export function startQueueWorker(options: QueueWorkerOptions): QueueWorker {
  const { redis, concurrency, handle, uploadBin, now, metrics, tracing, logger } = options;
  const queue = new Queue(QUEUE_NAME, { connection: asBullConnection(redis) });
  queue.on('error', () => undefined);
  const ended = createEndedCounter(redis);
  const fairShare = createFairShare(queue, redis, (error) => logger.error({ err: error }, 'share of waiting jobs'));
  const quarantine = createQuarantine((jobs) => {
    worker.concurrency = jobs;
  }, concurrency);

  async function processJob(job: BullJob, token: string | undefined): Promise<Outcome> {
    const payload = jobSchema.safeParse(job.data);
    if (!payload.success) return leaveToNewerWorker(job, token);
    const end = quarantine.enter(job.stalledCounter > 0);
    if (!end) return putBack(job, token);
    fairShare.begun((job.opts.priority ?? 0) > 0);
    try {
      return await carryOut(job, payload.data);
    } finally {
      end();
    }
  }

  /** @throws {WaitingError} which tells BullMQ that the job is at the head of the line again. */
  async function putBack(job: BullJob, token: string | undefined): Promise<never> {
    await job.moveToWait(token);
    throw new WaitingError();
  }

  /** @throws {DelayedError} which tells BullMQ that the job has been put back. */
  async function leaveToNewerWorker(job: BullJob, token: string | undefined): Promise<Outcome> {
    const envelope = jobEnvelopeSchema.safeParse(job.data);
    if (!envelope.success || envelope.data.version <= JOB_VERSION) throw new UnrecoverableError('the job is malformed');
    if (now() > envelope.data.deadline) return { kind: 'expired' };
    logger.warn({ job_id: job.id, version: envelope.data.version }, 'a job is left for a newer worker');
    await job.moveToDelayed(Date.now() + NEWER_VERSION_DELAY_MS, token);
    throw new DelayedError();
  }

  async function carryOut(job: BullJob, payload: Job): Promise<Outcome> {
    const startedAt = now();
    const queueMs = startedAt - payload.submittedAt;
    // A later attempt has waited for other things besides its turn.
    if (job.attemptsStarted <= 1) {
      metrics.begun({ queueSeconds: queueMs / 1000, isBackground: (job.opts.priority ?? 0) > 0 });
    }
    const { outcome, times } = await handle(payload).catch((error: unknown) => {
      throw error instanceof UploadMissingError ? new UnrecoverableError(error.message) : error;
    });
    const durationMs = now() - startedAt;
    metrics.decided(payload, outcome, durationMs / 1000);
    tracing?.note({ 'rollcall.outcome': wordOf(outcome), ...stageAttributes(times) });
    logger.info(
      {
        ...identity(payload),
        ...summary(outcome),
        attempt: job.attemptsStarted,
        queue_ms: queueMs,
        duration_ms: durationMs,
        ...(times && { stage_ms: mapValues(times, Math.round) }),
      },
      'job',
    );
    return outcome;
  }

  const worker = new Worker(QUEUE_NAME, processJob, {
    connection: asBullConnection(redis),
    // How operators tell the processes of several machines apart.
    name: `${hostname()}:${process.pid}`,
    ...(tracing && { telemetry: tracing.telemetry }),
    concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: MAX_STALLED,
    settings: { backoffStrategy: (attempts, _type, error) => pauseAfter(attempts, error) },
  });
  worker.on('completed', (job: BullJob, outcome: Outcome) => {
    ended.add();
    const payload = payloadOf(job);
    if (!payload) return;
    metrics.ended(payload.kind, outcome);
    discardUploads(payload);
  });
  worker.on('failed', (job, error) => {
    // A failed attempt that will be retried still needs its photo.
    const isOver = job?.finishedOn !== undefined;
    const payload = payloadOf(job);
    logger.error(
      {
        job_id: job?.id,
        ...(payload && { request_id: payload.requestId }),
        attempt: job?.attemptsMade,
        ended: isOver,
        err: error,
      },
      'job failed',
    );
    if (isOver) ended.add();
    if (!payload) return;
    if (!isOver) return metrics.retried(payload.kind);
    metrics.ended(payload.kind, 'failed');
    discardUploads(payload);
  });
  worker.on('stalled', (jobId) => {
    metrics.stalled();
    logger.warn({ job_id: jobId }, 'a job was taken back from a worker that died');
  });
  worker.on('error', (error) => logger.error({ err: error }, 'queue'));

  function discardUploads({ imageKeys }: Job): void {
    for (const key of imageKeys) uploadBin.add(key);
  }

  return {
    async close() {
      await worker.close();
      ended.stop();
      // The connection is its owner's to end; BullMQ would wait for a Redis that is away.
      queue.close().catch(() => undefined);
    },
  };
}

/** Milliseconds until a failed job is tried again. */
function pauseAfter(attempts: number, error: Error | undefined): number {
  const isStoreAway = error instanceof BlobStoreError && error.code === 'unavailable';
  if (!isStoreAway && attempts >= ATTEMPTS) return NEVER;
  return Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), MAX_PAUSE_MS);
}

function identity(job: Job) {
  return { kind: job.kind, job_id: job.id, request_id: job.requestId };
}

function payloadOf(job: BullJob | undefined): Job | undefined {
  const payload = jobSchema.safeParse(job?.data);
  return payload.success ? payload.data : undefined;
}

function summary(outcome: Outcome) {
  switch (outcome.kind) {
    case 'decided':
      return { outcome: wordOf(outcome), distance: outcome.result.distance };
    case 'compared':
      return { outcome: wordOf(outcome), distance: outcome.distance };
    case 'identified':
      return { outcome: wordOf(outcome), candidates: outcome.candidates.length };
    case 'assessed':
      return { outcome: outcome.refusals[0]?.reason ?? 'fit' };
    case 'enrolled':
      return { outcome: outcome.photos.map(({ status }) => status).join(' ') };
    default:
      return { outcome: wordOf(outcome) };
  }
}

/** Milliseconds by stage. */
function stageAttributes(times: Handled['times']): TraceAttributes {
  return Object.fromEntries(Object.entries(times ?? {}).map(([stage, ms]) => [`rollcall.stage.${stage}_ms`, ms]));
}

function mapValues<K extends string>(record: Readonly<Record<K, number>>, map: (value: number) => number) {
  return Object.fromEntries(Object.entries<number>(record).map(([key, value]) => [key, map(value)]));
}
