import { employeeOf, type Job, jobSchema, type Outcome, QUEUE_NAME } from '@rollcall/contracts';
import { asBullConnection, type Logger } from '@rollcall/platform';
import { type Job as BullJob, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { type HandleJob, UploadMissingError } from './job-handler.js';
import type { UploadBin } from './upload-bin.js';

/**
 * A killed worker's job is free again when its lock has run out (LOCK_MS after the last renewal) and the next check for
 * stalled jobs comes round (STALLED_CHECK_MS): 7 s at most. Locks are renewed every LOCK_MS / 2.
 */
const LOCK_MS = 5_000;
const STALLED_CHECK_MS = 2_000;

/** How often a job may be taken from a dead worker: the second death fails it, before it can kill a third. */
const MAX_STALLED = 1;

export interface QueueWorkerOptions {
  readonly redis: Redis;
  readonly concurrency: number;
  readonly handle: HandleJob;
  readonly uploadBin: UploadBin;
  readonly logger: Logger;
}

export interface QueueWorker {
  /** Takes no more jobs and resolves when the running ones have ended. */
  close(): Promise<void>;
}

/** Takes jobs from the queue, one wide log line each. */
export function startQueueWorker({ redis, concurrency, handle, uploadBin, logger }: QueueWorkerOptions): QueueWorker {
  async function processJob(job: BullJob): Promise<Outcome> {
    const startedAt = Date.now();
    const payload = parse(job.data);
    const { outcome, times } = await handle(payload).catch((error: unknown) => {
      throw error instanceof UploadMissingError ? new UnrecoverableError(error.message) : error;
    });
    logger.info(
      {
        ...identity(payload),
        ...summary(outcome),
        attempt: job.attemptsStarted,
        queue_ms: startedAt - payload.submittedAt,
        duration_ms: Date.now() - startedAt,
        ...(times && { stage_ms: mapValues(times, Math.round) }),
      },
      'job',
    );
    return outcome;
  }

  const worker = new Worker(QUEUE_NAME, processJob, {
    connection: asBullConnection(redis),
    concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: MAX_STALLED,
  });
  worker.on('completed', (job: BullJob) => discardUploads(job));
  worker.on('failed', (job, error) => {
    // A failed attempt that will be retried still needs its photo.
    const ended = job?.finishedOn !== undefined;
    logger.error({ job_id: job?.id, ...requestOf(job), attempt: job?.attemptsMade, ended, err: error }, 'job failed');
    if (job && ended) discardUploads(job);
  });
  worker.on('stalled', (jobId) => logger.warn({ job_id: jobId }, 'a job was taken back from a worker that died'));
  worker.on('error', (error) => logger.error({ err: error }, 'queue'));

  function discardUploads(job: BullJob): void {
    const payload = jobSchema.safeParse(job.data);
    if (payload.success) for (const key of payload.data.imageKeys) uploadBin.add(key);
  }

  return { close: () => worker.close() };
}

function parse(data: unknown): Job {
  const parsed = jobSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new UnrecoverableError('the job is not one that this version of the worker understands');
}

function identity(job: Job) {
  return { kind: job.kind, job_id: job.id, request_id: job.requestId, employee_id: employeeOf(job) };
}

function requestOf(job: BullJob | undefined) {
  const payload = jobSchema.safeParse(job?.data);
  return payload.success ? { request_id: payload.data.requestId } : {};
}

function summary(outcome: Outcome) {
  switch (outcome.kind) {
    case 'decided':
      return { outcome: outcome.reason ?? 'verified', distance: outcome.result.distance };
    case 'compared':
      return { outcome: outcome.reason ?? 'verified', distance: outcome.distance };
    case 'identified':
      return { outcome: outcome.reason ?? 'identified', candidates: outcome.candidates.length };
    case 'enrolled':
      return { outcome: outcome.photos.map(({ status }) => status).join(' ') };
    case 'refused':
      return { outcome: outcome.code };
    case 'expired':
      return { outcome: 'expired' };
  }
}

function mapValues<K extends string>(record: Readonly<Record<K, number>>, map: (value: number) => number) {
  return Object.fromEntries(Object.entries<number>(record).map(([key, value]) => [key, map(value)]));
}
