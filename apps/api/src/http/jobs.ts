import type { JobReply } from '@rollcall/contracts';
import type { Handler } from 'hono';
import { z } from 'zod';
import type { JobQueue, KnownJob } from '../jobs/ports.js';
import type { Waiters } from '../jobs/waiters.js';
import { type ApiContext, type ApiEnvironment, send, sendError } from './context.js';
import { MAX_WAIT_SECONDS } from './prefer.js';
import { replyTo, resultOf } from './replies.js';
import { statusUrl } from './submissions.js';

export interface JobHandlerOptions {
  readonly queue: JobQueue;
  readonly waiters: Waiters;
  readonly enforceDetection: boolean;
}

const jobIdSchema = z.uuid();
const waitSchema = z.coerce
  .number()
  .min(0)
  .transform((seconds) => Math.min(seconds, MAX_WAIT_SECONDS));

/** `GET /v1/jobs/{id}?wait=N`: the job's state, once it has ended or N seconds have passed. */
export function jobHandler({ queue, waiters, enforceDetection }: JobHandlerOptions): Handler<ApiEnvironment> {
  return async (c: ApiContext) => {
    const id = jobIdSchema.safeParse(c.req.param('id'));
    if (!id.success) return sendError(c, 'job_not_found');
    const wait = waitSchema.safeParse(c.req.query('wait') ?? 0);
    if (!wait.success) return sendError(c, 'invalid_request');
    c.get('log').job_id = id.data;

    let known = await queue.find(id.data);
    if (known && !known.end && wait.data > 0) {
      const end = await waiters.wait(id.data, { timeoutMs: wait.data * 1000, signal: c.req.raw.signal });
      known = end ? await queue.find(id.data) : known;
    }
    if (!known) return sendError(c, 'job_not_found');
    if (!known.end) c.header('Retry-After', '1');
    return send(c, { status: 200, body: describe(known, enforceDetection), outcome: known.status });
  };
}

function describe({ job, status, end }: KnownJob, enforceDetection: boolean): JobReply {
  const reply: JobReply = { job_id: job.id, status, status_url: statusUrl(job.id) };
  if (!end) return reply;
  const result = resultOf(job, end);
  const { status: code, body } = replyTo(job, end, enforceDetection);
  return { ...reply, ...(result && { result }), response: { status: code, body: body as never } };
}
