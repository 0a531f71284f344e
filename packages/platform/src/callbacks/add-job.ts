import { CALLBACKS_QUEUE_NAME, type Callback, type Job, QUEUE_NAME } from '@rollcall/contracts';
import { FlowProducer, type JobsOptions, type Queue, type Telemetry } from 'bullmq';
import type { Redis } from 'ioredis';
import { asBullConnection } from '../redis.js';

/** Attempts at one callback. */
export const CALLBACK_ATTEMPTS = 8;

/** Records a job, and with it the callback that it may have: both or neither. A job added twice is one job. */
export type AddJob = (job: Job, options: JobsOptions) => Promise<void>;

/**
 * A callback waits in its queue as the parent of its job, and the script by which BullMQ ends or removes the job, whoever
 * runs it, sets the callback free: there is no moment at which a crash could lose it.
 */
export function createAddJob(queue: Queue, redis: Redis, telemetry?: Telemetry): AddJob {
  const flow = new FlowProducer({ connection: asBullConnection(redis), ...(telemetry && { telemetry }) });
  // Whoever owns the connection hears of its errors.
  flow.on('error', () => undefined);
  return async (job, options) => {
    if (job.callbackUrl === undefined) {
      await queue.add(job.kind, job, options);
      return;
    }
    await flow.add({
      name: 'callback',
      queueName: CALLBACKS_QUEUE_NAME,
      data: { jobId: job.id, url: job.callbackUrl } satisfies Callback,
      opts: {
        jobId: job.id,
        attempts: CALLBACK_ATTEMPTS,
        backoff: { type: 'custom' },
        removeOnComplete: true,
        removeOnFail: true,
        stackTraceLimit: 0,
      },
      // A job that failed has ended, too.
      children: [
        { name: job.kind, queueName: QUEUE_NAME, data: job, opts: { ...options, removeDependencyOnFailure: true } },
      ],
    });
  };
}
