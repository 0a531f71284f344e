import { type JobStatus, jobSchema, outcomeSchema, QUEUE_NAME } from '@rollcall/contracts';
import { asBullConnection, type Logger } from '@rollcall/platform';
import { type Job as BullJob, type JobState, Queue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import { eraseJobs } from './erase-jobs.js';
import { type EndedJobs, type JobEnd, type JobQueue, type PersonalJobs, QueueUnavailableError } from './ports.js';

export interface BullQueueOptions {
  /** Fails fast; for requests. */
  readonly redis: Redis;
  /** Blocks; for the stream of events. */
  readonly eventsRedis: Redis;
  readonly resultTtlSeconds: number;
  readonly logger: Logger;
}

export interface BullQueue extends JobQueue, EndedJobs, PersonalJobs {
  /** Calls `listener` for every job that ends, whoever added it. An event can get lost. */
  onEnded(listener: (jobId: string, end: JobEnd) => void): void;
  /** Resolves when Redis answers, or after the timeout. */
  connected(timeoutMs: number): Promise<void>;
  /** Worker processes that are connected to the queue now. */
  countWorkers(): Promise<number>;
  close(): Promise<void>;
}

/** Tries that a job gets when the store or Redis fails it, and the pause before the second. */
const ATTEMPTS = 3;
const BACKOFF_MS = 200;

/** A bound on what results may occupy in Redis, about 1.5 KB each, in case RESULT_TTL_SECONDS alone is no bound. */
const MAX_KEPT_JOBS = 100_000;

/** Above ioredis' own command timeout, for what BullMQ awaits besides commands. */
const QUEUE_TIMEOUT_MS = 6_000;

const STATUS: Readonly<Record<JobState | 'unknown', JobStatus>> = {
  waiting: 'queued',
  'waiting-children': 'queued',
  prioritized: 'queued',
  delayed: 'queued',
  active: 'active',
  completed: 'succeeded',
  failed: 'failed',
  unknown: 'queued',
};

export function createBullQueue({ redis, eventsRedis, resultTtlSeconds, logger }: BullQueueOptions): BullQueue {
  const kept = { age: resultTtlSeconds, count: MAX_KEPT_JOBS };
  const queue = new Queue(QUEUE_NAME, {
    connection: asBullConnection(redis),
    defaultJobOptions: {
      attempts: ATTEMPTS,
      backoff: { type: 'exponential', delay: BACKOFF_MS },
      removeOnComplete: kept,
      removeOnFail: kept,
      stackTraceLimit: 0,
    },
  });
  const events = new QueueEvents(QUEUE_NAME, { connection: asBullConnection(eventsRedis) });
  queue.on('error', (error) => logger.error({ err: error }, 'queue'));
  events.on('error', (error) => logger.error({ err: error }, 'queue events'));

  /** Bounds an operation, and turns whatever Redis answers into one error. */
  async function ask<T>(operation: () => Promise<T>): Promise<T> {
    if (redis.status !== 'ready') throw new QueueUnavailableError('not connected to Redis');
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('timed out')), QUEUE_TIMEOUT_MS);
    });
    try {
      return await Promise.race([operation(), timeout]);
    } catch (error) {
      throw new QueueUnavailableError('Redis did not carry out a command', { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }

  async function endedAmong(set: 'completed' | 'failed', ids: readonly string[]): Promise<string[]> {
    const scores = await redis.zmscore(queue.toKey(set), ...ids);
    return ids.filter((_, index) => scores[index] !== null);
  }

  return {
    available: () => redis.status === 'ready',

    async add(job) {
      await ask(() => queue.add(job.kind, job, { jobId: job.id }));
    },

    async find(id) {
      const job: BullJob | undefined = await ask(() => queue.getJob(id));
      const payload = jobSchema.safeParse(job?.data);
      if (!job || !payload.success) return undefined;
      const status = STATUS[await ask(() => job.getState())];
      if (status === 'failed') return { job: payload.data, status, end: { kind: 'failed' } };
      if (status !== 'succeeded') return { job: payload.data, status };
      const end = endOf(job.returnvalue ?? (await ask(() => queue.getJob(id)))?.returnvalue);
      return { job: payload.data, status: statusOf(end), end };
    },

    async findEnded(ids) {
      return ask(async () => {
        const [completed, failed] = await Promise.all([endedAmong('completed', ids), endedAmong('failed', ids)]);
        const ended = new Map<string, JobEnd>(failed.map((id) => [id, { kind: 'failed' }]));
        for (const job of await Promise.all(completed.map((id): Promise<BullJob | undefined> => queue.getJob(id)))) {
          if (job?.id) ended.set(job.id, endOf(job.returnvalue));
        }
        return ended;
      });
    },

    onEnded(listener) {
      events.on('completed', ({ jobId, returnvalue }) => listener(jobId, endOf(returnvalue)));
      events.on('failed', ({ jobId }) => listener(jobId, { kind: 'failed' }));
      events.on('removed', ({ jobId }) => listener(jobId, { kind: 'removed' }));
    },

    eraseJobsOf: (employeeId) => eraseJobs(queue, redis, employeeId),

    connected(timeoutMs) {
      return new Promise((resolve) => {
        if (redis.status === 'ready') return resolve();
        const timer = setTimeout(resolve, timeoutMs);
        redis.once('ready', () => {
          clearTimeout(timer);
          resolve();
        });
      });
    },

    countWorkers: () => ask(() => queue.getWorkersCount()),

    async close() {
      await Promise.allSettled([queue.close(), events.close()]);
      redis.disconnect();
      eventsRedis.disconnect();
    },
  };
}

/** What a worker returned, parsed: a result that this version does not understand counts as a failure. */
function endOf(returnvalue: unknown): JobEnd {
  const outcome = outcomeSchema.safeParse(returnvalue);
  return outcome.success ? { kind: 'outcome', outcome: outcome.data } : { kind: 'failed' };
}

function statusOf(end: JobEnd): JobStatus {
  if (end.kind !== 'outcome') return 'failed';
  return end.outcome.kind === 'expired' ? 'expired' : 'succeeded';
}
