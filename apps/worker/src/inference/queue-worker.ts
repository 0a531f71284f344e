import { QUEUE_NAME, type VerificationJob, type VerificationOutcome, verificationJobSchema } from '@rollcall/contracts';
import { asBullConnection, type Logger } from '@rollcall/platform';
import { type Job, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { UploadBin } from './upload-bin.js';
import { UploadMissingError, type Verify } from './verify.js';

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
  readonly verify: Verify;
  readonly uploadBin: UploadBin;
  readonly logger: Logger;
}

export interface QueueWorker {
  /** Takes no more jobs and resolves when the running ones have ended. */
  close(): Promise<void>;
}

/** Takes verifications from the queue, one wide log line each. */
export function startQueueWorker({ redis, concurrency, verify, uploadBin, logger }: QueueWorkerOptions): QueueWorker {
  async function processJob(job: Job): Promise<VerificationOutcome> {
    const startedAt = Date.now();
    const payload = parse(job.data);
    const { outcome, times } = await verify(payload).catch((error: unknown) => {
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
      'verification',
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
  worker.on('completed', (job: Job) => discardUpload(job));
  worker.on('failed', (job, error) => {
    // A failed attempt that will be retried still needs its photo.
    const ended = job?.finishedOn !== undefined;
    logger.error(
      { job_id: job?.id, ...requestOf(job), attempt: job?.attemptsMade, ended, err: error },
      'verification failed',
    );
    if (job && ended) discardUpload(job);
  });
  worker.on('stalled', (jobId) => logger.warn({ job_id: jobId }, 'a job was taken back from a worker that died'));
  worker.on('error', (error) => logger.error({ err: error }, 'queue'));

  function discardUpload(job: Job): void {
    const payload = verificationJobSchema.safeParse(job.data);
    if (payload.success) uploadBin.add(payload.data.imageKey);
  }

  return { close: () => worker.close() };
}

function parse(data: unknown): VerificationJob {
  const parsed = verificationJobSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  throw new UnrecoverableError('the job is not one that this version of the worker understands');
}

function identity({ id, requestId, employeeId }: VerificationJob) {
  return { job_id: id, request_id: requestId, employee_id: employeeId };
}

function requestOf(job: Job | undefined) {
  const payload = verificationJobSchema.safeParse(job?.data);
  return payload.success ? { request_id: payload.data.requestId } : {};
}

function summary(outcome: VerificationOutcome) {
  if (outcome.kind !== 'decided') return { outcome: outcome.kind === 'refused' ? outcome.code : outcome.kind };
  return { outcome: outcome.reason ?? 'verified', distance: outcome.result.distance };
}

function mapValues<K extends string>(record: Readonly<Record<K, number>>, map: (value: number) => number) {
  return Object.fromEntries(Object.entries<number>(record).map(([key, value]) => [key, map(value)]));
}
