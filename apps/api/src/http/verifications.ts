import type { Dialect } from '@rollcall/contracts';
import type { Handler } from 'hono';
import type { Submit } from '../jobs/submit.js';
import { type ApiContext, type ApiEnvironment, send, sendError } from './context.js';
import { parsePrefer } from './prefer.js';
import { replyTo } from './replies.js';
import { readVerificationForm } from './upload.js';

export interface VerificationHandlerOptions {
  readonly submit: Submit;
  readonly maxUploadBytes: number;
  readonly syncTimeoutMs: number;
  readonly enforceDetection: boolean;
}

/** Path at which a job's state can be asked for. */
export function statusUrl(jobId: string): string {
  return `/v1/jobs/${jobId}`;
}

/** `POST /recognize_face` and `POST /v1/verifications`: the same verification, told in two dialects. */
export function verificationHandler(dialect: Dialect, options: VerificationHandlerOptions): Handler<ApiEnvironment> {
  const { submit, maxUploadBytes, syncTimeoutMs, enforceDetection } = options;
  return async (c: ApiContext) => {
    const read = await readVerificationForm(c.req.raw, maxUploadBytes);
    if (!read.ok) return sendError(c, read.code);
    const { waitMs, applied } = parsePrefer(c.req.header('prefer'), syncTimeoutMs);
    const log = c.get('log');
    log.employee_id = read.form.employeeId;
    log.bytes = read.form.image.byteLength;

    const { job, end } = await submit({
      ...read.form,
      requestId: c.get('requestId'),
      dialect,
      waitMs,
      signal: c.req.raw.signal,
    });
    log.job_id = job.id;
    if (applied) c.header('Preference-Applied', applied);
    if (end) return send(c, replyTo(job, end, enforceDetection));
    c.header('Location', statusUrl(job.id));
    c.header('Retry-After', '1');
    const body = { job_id: job.id, status: 'queued', status_url: statusUrl(job.id) };
    return send(c, { status: 202, body, outcome: 'accepted' });
  };
}
