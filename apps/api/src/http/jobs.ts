import { setTimeout as sleep } from 'node:timers/promises';
import type { JobReply } from '@rollcall/contracts';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { z } from 'zod';
import type { Admission } from '../jobs/admission.js';
import type { Cancel } from '../jobs/cancel.js';
import { createDeparture } from '../jobs/departure.js';
import type { JobQueue, KnownJob } from '../jobs/ports.js';
import type { Waiters } from '../jobs/waiters.js';
import { departureOf } from './client-departure.js';
import { type ApiContext, type ApiEnvironment, send, sendError } from './context.js';
import { MAX_WAIT_SECONDS } from './prefer.js';
import { replyTo, resultOf } from './replies.js';
import { statusUrl } from './submissions.js';

export interface JobRoutesOptions {
  readonly queue: JobQueue;
  readonly waiters: Waiters;
  readonly admission: Pick<Admission, 'estimate'>;
  readonly cancel: Cancel;
  readonly enforceDetection: boolean;
}

const jobIdSchema = z.uuid();
const waitSchema = z.coerce
  .number()
  .min(0)
  .transform((seconds) => Math.min(seconds, MAX_WAIT_SECONDS));

/** An estimate can be wrong. */
const MAX_POLL_PAUSE_SECONDS = 30;

/** Between two looks at a job that somebody watches; its end is told at once. */
const WATCH_MS = 1_000;
/** A watcher is sent something at least this often, lest a proxy takes the connection for dead. */
const HEARTBEAT_MS = 15_000;
/** Then it may ask again. */
const MAX_WATCH_MS = 600_000;

/** Below `/v1/jobs`: a job's state for whoever made it, as a poll, a long poll or a stream, and taking it back. */
export function jobRoutes(options: JobRoutesOptions): Hono<ApiEnvironment> {
  const { queue, waiters, cancel } = options;
  const routes = new Hono<ApiEnvironment>();

  /** Somebody else's job is not there. */
  async function findOwn(c: ApiContext): Promise<KnownJob | undefined> {
    const id = jobIdSchema.safeParse(c.req.param('id'));
    if (!id.success) return undefined;
    c.get('log').job_id = id.data;
    const known = await queue.find(id.data);
    const { tokenId, allows } = c.get('principal');
    return known && (known.job.origin.tokenId === tokenId || allows('admin')) ? known : undefined;
  }

  routes.get('/:id', async (c) => {
    const wait = waitSchema.safeParse(c.req.query('wait') ?? 0);
    if (!wait.success) return sendError(c, 'invalid_request');
    let known = await findOwn(c);
    if (!known) return sendError(c, 'job_not_found');
    const { id } = known.job;
    if (wantsEvents(c)) return watch(c, known, options);
    if (!known.end && wait.data > 0) {
      const end = await waiters.wait(id, { timeoutMs: wait.data * 1000, departure: departureOf(c) });
      known = end ? await queue.find(id) : known;
    }
    if (!known) return sendError(c, 'job_not_found');
    const body = describeJob(known, options);
    const next = known.end ? undefined : nextPoll(body.estimated_wait_seconds);
    return send(c, { status: 200, body, outcome: known.status }, next);
  });

  routes.delete('/:id', async (c) => {
    const known = await findOwn(c);
    if (!known) return sendError(c, 'job_not_found');
    const cancelled = known.status === 'cancelled' || (!known.end && (await cancel(known.job)));
    if (!cancelled) return sendError(c, 'job_begun');
    const body: JobReply = { job_id: known.job.id, status: 'cancelled', status_url: statusUrl(known.job.id) };
    return send(c, { status: 200, body, outcome: 'cancelled' });
  });

  return routes;
}

/** The body of `GET /v1/jobs/{id}`. */
export function describeJob(
  { job, status, end, position, background = false }: KnownJob,
  { admission, enforceDetection }: Pick<JobRoutesOptions, 'admission' | 'enforceDetection'>,
): JobReply {
  const reply: JobReply = { job_id: job.id, status, status_url: statusUrl(job.id) };
  if (!end) {
    const wait = position === undefined ? undefined : admission.estimate(position, background);
    return {
      ...reply,
      ...(position !== undefined && { position }),
      ...(wait !== undefined && { estimated_wait_seconds: Number(wait.toFixed(1)) }),
    };
  }
  const result = resultOf(job, end);
  const { status: code, body } = replyTo(job, end, enforceDetection);
  return { ...reply, ...(result && { result }), response: { status: code, body: body as never } };
}

/** Half the wait, so that thousands who poll do not keep the API from what they wait for. */
function nextPoll(estimatedWaitSeconds = 0): number {
  return Math.min(Math.max(1, Math.ceil(estimatedWaitSeconds / 2)), MAX_POLL_PAUSE_SECONDS);
}

function wantsEvents(c: ApiContext): boolean {
  return /\btext\/event-stream\b/.test(c.req.header('accept') ?? '');
}

/** Server-sent events named `state`, one for each change, each with the body that a poll would have; the last is the end. */
function watch(c: ApiContext, first: KnownJob, options: JobRoutesOptions): Response {
  const { queue, waiters } = options;
  c.get('log').outcome = 'watched';
  // Proxies that collect what they pass on would hold events back.
  c.get('headers')['X-Accel-Buffering'] = 'no';
  return streamSSE(c, async (stream) => {
    const departure = createDeparture();
    stream.onAbort(departure.leave);
    const began = performance.now();
    let known: KnownJob | undefined = first;
    let told = '';
    let toldAt = began;
    while (known && !departure.left) {
      const data = JSON.stringify(describeJob(known, options));
      if (data !== told) {
        await stream.writeSSE({ event: 'state', data });
        [told, toldAt] = [data, performance.now()];
      } else if (performance.now() - toldAt > HEARTBEAT_MS) {
        await stream.write(': still here\n\n');
        toldAt = performance.now();
      }
      // When this API stops the watcher asks again, and comes to another.
      if (known.end || waiters.closed || performance.now() - began > MAX_WATCH_MS) break;
      await waiters.wait(known.job.id, { timeoutMs: WATCH_MS, departure });
      // Redis may be away for a moment.
      known = await queue.find(known.job.id).catch(async () => {
        await sleep(WATCH_MS);
        return known;
      });
    }
  });
}
