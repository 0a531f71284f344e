import { randomInt } from 'node:crypto';
import {
  CALLBACK_DELIVERY_HEADER,
  CALLBACK_SIGNATURE_HEADER,
  CALLBACKS_QUEUE_NAME,
  type CallbackEvent,
  callbackSchema,
  type JobReply,
} from '@rollcall/contracts';
import {
  asBullConnection,
  CALLBACK_ATTEMPTS,
  type CallbackHost,
  type CallbackTarget,
  checkCallbackUrl,
  type Logger,
} from '@rollcall/platform';
import { type Job as BullJob, DelayedError, type Telemetry, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { removeCopiedOutcomes } from './copied-outcomes.js';
import { post, type ResolveName } from './post.js';
import { signatureOf } from './signature.js';

export interface CallbackDeliveryOptions {
  /** Blocks. It is this delivery's own, and ends with it. */
  readonly redis: Redis;
  readonly hosts: readonly CallbackHost[];
  readonly secret: string;
  /** Undefined: no traces. */
  readonly telemetry?: Telemetry | undefined;
  /** The body of `GET /v1/jobs/{id}`, as it is now; undefined when nothing is known of the job. */
  readonly describeJob: (jobId: string) => Promise<JobReply | undefined>;
  readonly logger: Logger;
  readonly timeoutMs?: number;
  /** Between the first attempt and the second; each later pause is {@link PAUSE_GROWTH} times the one before. */
  readonly firstPauseMs?: number;
  /** About how long a callback waits when its host has its share already. */
  readonly turnMs?: number;
  readonly resolveName?: ResolveName;
}

export interface CallbackDelivery {
  /** Begins no more and resolves when the running ones have ended. */
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
/** 2.5 s, 7.5 s … 30 min: 46 minutes in all, 57 at most, which is while the result is kept by default. */
const FIRST_PAUSE_MS = 2_500;
const PAUSE_GROWTH = 3;
const MAX_RETRY_AFTER_MS = 3_600_000;

/** Deliveries at a time, and how many of them may be to one host, so that a slow one leaves room for the others. */
const CONCURRENCY = 20;
const PER_HOST = 8;
const TURN_MS = 4_000;

/** A killed API's deliveries are taken over after twice this at most. */
const LOCK_MS = 15_000;

/** The receiver did not take the callback; a later attempt may succeed. */
class DeliveryError extends Error {
  override readonly name = 'DeliveryError';
  readonly retryAfterMs: number;
  constructor(message: string, retryAfterMs: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Delivers callbacks, one log line for each attempt. At least once: an API that is killed may have delivered one. */
export function startCallbackDelivery(options: CallbackDeliveryOptions): CallbackDelivery {
  const { redis, hosts, secret, telemetry, describeJob, logger } = options;
  const { timeoutMs = TIMEOUT_MS, firstPauseMs = FIRST_PAUSE_MS, turnMs = TURN_MS, resolveName } = options;
  const busy = new Map<string, number>();

  async function deliver(job: BullJob, token?: string): Promise<void> {
    const { jobId, target } = parse(job, hosts);
    const { host } = target.url;
    const running = busy.get(host) ?? 0;
    if (running >= PER_HOST) {
      await job.moveToDelayed(Date.now() + jittered(turnMs), token);
      throw new DelayedError();
    }
    busy.set(host, running + 1);
    try {
      await attempt(job, jobId, target);
    } finally {
      const left = (busy.get(host) ?? 1) - 1;
      if (left === 0) busy.delete(host);
      else busy.set(host, left);
    }
  }

  async function attempt(job: BullJob, jobId: string, target: CallbackTarget): Promise<void> {
    const startedAt = Date.now();
    await removeCopiedOutcomes(redis, [jobId]);
    // Now, and not when the job ended: meanwhile the employee may have been erased.
    const body = JSON.stringify(eventOf(jobId, await describeJob(jobId)));
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'Rollcall',
      [CALLBACK_DELIVERY_HEADER]: jobId,
      [CALLBACK_SIGNATURE_HEADER]: signatureOf(body, Math.floor(Date.now() / 1000), secret),
    };
    const reply = await post({ target, headers, body, timeoutMs, ...(resolveName && { resolveName }) });
    const { status, retryAfterSeconds = 0 } = reply;
    if (status === 410) throw new UnrecoverableError('the receiver is gone (410)');
    if (status < 200 || status > 299) {
      throw new DeliveryError(
        `the receiver answered ${status}`,
        Math.min(retryAfterSeconds * 1000, MAX_RETRY_AFTER_MS),
      );
    }
    const duration_ms = Date.now() - startedAt;
    logger.info(
      { job_id: jobId, host: target.url.host, attempt: job.attemptsMade + 1, status, duration_ms },
      'callback',
    );
  }

  function pauseAfter(attempts: number, error: Error | undefined): number {
    const pause = jittered(firstPauseMs * PAUSE_GROWTH ** (attempts - 1));
    return error instanceof DeliveryError ? Math.max(pause, error.retryAfterMs) : pause;
  }

  const worker = new Worker(CALLBACKS_QUEUE_NAME, deliver, {
    connection: asBullConnection(redis),
    ...(telemetry && { telemetry }),
    concurrency: CONCURRENCY,
    lockDuration: LOCK_MS,
    stalledInterval: LOCK_MS,
    // Not the callback is what kills an API.
    maxStalledCount: CALLBACK_ATTEMPTS,
    settings: { backoffStrategy: (attempts, _type, error) => pauseAfter(attempts, error) },
  });
  worker.on('failed', (job, error) => {
    const ended = job?.finishedOn !== undefined;
    // The URL may hold a secret.
    const line = { job_id: job?.id, host: hostOf(job), attempt: job?.attemptsMade, ended, reason: error.message };
    logger[ended ? 'error' : 'warn'](line, ended ? 'callback given up' : 'callback failed');
  });
  worker.on('error', (error) => logger.error({ err: error }, 'callbacks'));

  return {
    async close() {
      const closed = worker.close();
      closed.catch(() => undefined);
      // While Redis is away BullMQ would wait until it comes back.
      if (redis.status === 'ready') await closed;
      redis.disconnect();
    },
  };
}

function parse(job: BullJob, hosts: readonly CallbackHost[]): { jobId: string; target: CallbackTarget } {
  const callback = callbackSchema.safeParse(job.data);
  if (!callback.success) throw new UnrecoverableError('not a callback that this version understands');
  const target = checkCallbackUrl(callback.data.url, hosts);
  if (!target) throw new UnrecoverableError('CALLBACK_HOSTS does not allow it any more');
  return { jobId: callback.data.jobId, target };
}

function eventOf(jobId: string, job: JobReply | undefined): CallbackEvent {
  if (!job) return { type: 'job.removed', job_id: jobId };
  // `response` is present once the job has ended. Until then, which is for moments only, there is nothing to tell.
  if (!job.response) throw new DeliveryError('the job is not seen to have ended', 0);
  return { type: 'job.ended', job_id: jobId, job };
}

function hostOf(job: BullJob | undefined): string | undefined {
  const url = callbackSchema.safeParse(job?.data).data?.url ?? '';
  return URL.canParse(url) ? new URL(url).host : undefined;
}

/** A quarter more or less, so that what failed together does not come back together. */
function jittered(ms: number): number {
  return Math.round((ms * randomInt(750, 1250)) / 1000);
}
