import { ENDED_COUNTER, type JobRef, type JobStatus, jobSchema, outcomeSchema, QUEUE_NAME } from '@rollcall/contracts';
import {
  asBullConnection,
  createAddJob,
  jobOptions,
  type Logger,
  readTombstones,
  type Tombstone,
  withTimeout,
} from '@rollcall/platform';
import { type Job as BullJob, Queue, QueueEvents, type Telemetry } from 'bullmq';
import type { Redis } from 'ioredis';
import { createCancelCommand } from './cancel-command.js';
import { eraseJobs } from './erase-jobs.js';
import { createFindCommand, type FoundJob } from './find-command.js';
import { type EndedJobs, type JobEnd, type JobQueue, type PersonalJobs, QueueUnavailableError } from './ports.js';
import { createQueueStateCommand, type QueueState } from './queue-state-command.js';
import type { QueueLoad } from './throughput.js';

export interface BullQueueOptions {
  /** Fails fast; for requests. */
  readonly redis: Redis;
  /** Blocks; for the stream of events. */
  readonly eventsRedis: Redis;
  readonly resultTtlSeconds: number;
  /** Undefined: no traces. */
  readonly telemetry?: Telemetry | undefined;
  readonly logger: Logger;
}

export interface BullQueue extends JobQueue, EndedJobs, PersonalJobs {
  /** Calls `listener` for every job that ends, whoever added it. An event can get lost. */
  onEnded(listener: (jobId: string, end: JobEnd) => void): void;
  /** Resolves when Redis answers, or after the timeout. */
  connected(timeoutMs: number): Promise<void>;
  /** Worker processes that are connected to the queue now. */
  countWorkers(): Promise<number>;
  listWorkers(): Promise<ConnectedWorker[]>;
  readState(): Promise<QueueState>;
  readLoad(): Promise<QueueLoad>;
  close(): Promise<void>;
}

/** An inference process. */
export interface ConnectedWorker {
  /** Its machine and process id. */
  readonly name: string;
  readonly connectedSeconds: number;
}

/** Above ioredis' own command timeout, for what BullMQ awaits besides commands. */
const QUEUE_TIMEOUT_MS = 6_000;

const STATUS: Readonly<Record<FoundJob['state'], JobStatus>> = {
  waiting: 'queued',
  prioritized: 'queued',
  delayed: 'queued',
  active: 'active',
  completed: 'succeeded',
  failed: 'failed',
  unknown: 'queued',
};

export function createBullQueue(options: BullQueueOptions): BullQueue {
  const { redis, eventsRedis, resultTtlSeconds, telemetry, logger } = options;
  const queue = new Queue(QUEUE_NAME, { connection: asBullConnection(redis), ...(telemetry && { telemetry }) });
  const addJob = createAddJob(queue, redis, telemetry);
  const events = new QueueEvents(QUEUE_NAME, { connection: asBullConnection(eventsRedis) });
  queue.on('error', (error) => logger.error({ err: error }, 'queue'));
  events.on('error', (error) => logger.error({ err: error }, 'queue events'));
  const findJob = createFindCommand(queue, redis);
  const readState = createQueueStateCommand(queue, redis);
  const cancelWaiting = createCancelCommand(queue, redis, resultTtlSeconds);

  /** Bounds an operation, and turns whatever Redis answers into one error. */
  async function ask<T>(operation: () => Promise<T>): Promise<T> {
    if (redis.status !== 'ready') throw new QueueUnavailableError('not connected to Redis');
    try {
      return await withTimeout(operation(), QUEUE_TIMEOUT_MS);
    } catch (error) {
      throw new QueueUnavailableError('Redis did not carry out a command', { cause: error });
    }
  }

  async function endedAmong(set: 'completed' | 'failed', ids: readonly string[]): Promise<string[]> {
    const scores = await redis.zmscore(queue.toKey(set), ...ids);
    return ids.filter((_, index) => scores[index] !== null);
  }

  async function findBuried(id: string) {
    const tombstone = (await ask(() => readTombstones(redis, [id]))).get(id);
    return tombstone && { job: tombstone.job, status: tombstone.end, end: endOfBuried(tombstone) };
  }

  return {
    available: () => redis.status === 'ready',

    async add(job, { background }) {
      await ask(() => addJob(job, jobOptions(job, { background, resultTtlSeconds })));
    },

    async find(id) {
      const found = await ask(() => findJob(id));
      const payload = jobSchema.safeParse(found?.data);
      if (!found || !payload.success) return findBuried(id);
      const { state, returnvalue, position } = found;
      const status = STATUS[state];
      const known: { job: JobRef; status: JobStatus } = { job: payload.data, status };
      if (status === 'failed') return { ...known, end: { kind: 'failed' } };
      if (status === 'active') return known;
      if (status === 'queued') {
        // In no list of the queue: it is being cancelled, or has just been.
        if (state === 'unknown') return (await findBuried(id)) ?? known;
        return { ...known, background: state === 'prioritized', position };
      }
      const end = endOf(returnvalue);
      return { ...known, status: statusOf(end), end };
    },

    cancel: (job) => ask(() => cancelWaiting(job)),

    async findEnded(ids) {
      return ask(async () => {
        const [completed, failed, buried] = await Promise.all([
          endedAmong('completed', ids),
          endedAmong('failed', ids),
          readTombstones(redis, ids),
        ]);
        const ended = new Map<string, JobEnd>(failed.map((id) => [id, { kind: 'failed' }]));
        for (const [id, tombstone] of buried) ended.set(id, endOfBuried(tombstone));
        for (const job of await Promise.all(completed.map((id): Promise<BullJob | undefined> => queue.getJob(id)))) {
          if (job?.id) ended.set(job.id, endOf(job.returnvalue));
        }
        return ended;
      });
    },

    onEnded(listener) {
      events.on('completed', ({ jobId, returnvalue }) => listener(jobId, endOf(returnvalue)));
      events.on('failed', ({ jobId }) => listener(jobId, { kind: 'failed' }));
      events.on('removed', ({ jobId }) => {
        findBuried(jobId).then(
          (buried) => listener(jobId, buried?.end ?? { kind: 'removed' }),
          // The sweep finds it.
          () => undefined,
        );
      });
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

    async listWorkers() {
      const clients = await ask(() => queue.getWorkers());
      return clients.map(({ rawname = '', age, addr = '' }) => ({
        // BullMQ puts the worker's name behind the queue's; a worker of an older version has none.
        name: rawname.split(':w:')[1] ?? addr,
        connectedSeconds: Number(age ?? 0),
      }));
    },

    readState: () => ask(readState),

    async readLoad() {
      const [waiting, background, ended, memory] = await ask(() =>
        Promise.all([
          redis.llen(queue.toKey('wait')),
          redis.zcard(queue.toKey('prioritized')),
          redis.get(ENDED_COUNTER),
          redis.info('memory'),
        ]),
      );
      return { waiting, background, ended: Number(ended ?? 0), memory: usedShare(memory) };
    },

    async close() {
      const closed = Promise.allSettled([queue.close(), events.close()]);
      // While Redis is away BullMQ would wait until it comes back.
      if (redis.status === 'ready' && eventsRedis.status === 'ready') await closed;
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

function endOfBuried({ end }: Tombstone): JobEnd {
  return end === 'cancelled' ? { kind: 'cancelled' } : { kind: 'outcome', outcome: { kind: 'expired' } };
}

function statusOf(end: JobEnd): JobStatus {
  if (end.kind !== 'outcome') return 'failed';
  return end.outcome.kind === 'expired' ? 'expired' : 'succeeded';
}

/** Of Redis' `INFO memory`: what is used of `maxmemory`. */
function usedShare(info: string): number {
  const [used = 0, max = 0] = ['used_memory', 'maxmemory'].map((name) =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0),
  );
  return max > 0 ? used / max : 0;
}
