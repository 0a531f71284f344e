import { type Dialect, type ErrorCode, employeeIdSchema } from '@rollcall/contracts';
import type { Handler } from 'hono';
import type { Order, Submit } from '../jobs/submit.js';
import { type ApiContext, type ApiEnvironment, send, sendError } from './context.js';
import { parsePrefer } from './prefer.js';
import { replyTo } from './replies.js';
import { type FormRules, readUploadForm, type UploadForm } from './upload.js';

export interface SubmissionOptions {
  readonly submit: Submit;
  readonly maxUploadBytes: number;
  readonly syncTimeoutMs: number;
  readonly enforceDetection: boolean;
}

/** An endpoint that makes a job of an upload. */
export interface SubmissionEndpoint {
  readonly dialect: Dialect;
  readonly form: Omit<FormRules, 'maxImageBytes'>;
  /** What the request orders, or what is wrong with it. */
  readonly order: (form: UploadForm, c: ApiContext) => Order | ErrorCode;
}

/** Path at which a job's state can be asked for. */
export function statusUrl(jobId: string): string {
  return `/v1/jobs/${jobId}`;
}

const ONE_IMAGE = { imageFields: ['image'], minImages: 1, maxImages: 1 };
/** Photos of one enrolment. */
const MAX_ENROLLED = 10;
/** Candidates of an identification, unless fewer are asked for. */
const MAX_CANDIDATES = 10;

function verification(form: UploadForm): Order | ErrorCode {
  const id = form.text('employee_id');
  if (id === undefined) return 'missing_fields';
  const employeeId = employeeIdSchema.safeParse(id);
  return employeeId.success ? { kind: 'verify', employeeId: employeeId.data } : 'invalid_employee_id';
}

function identification(form: UploadForm): Order | ErrorCode {
  const limit = Number(form.text('limit') ?? MAX_CANDIDATES);
  if (!Number.isInteger(limit) || limit < 1) return 'invalid_request';
  return { kind: 'identify', limit: Math.min(limit, MAX_CANDIDATES) };
}

function enrolment(_form: UploadForm, c: ApiContext): Order | ErrorCode {
  const employeeId = employeeIdSchema.safeParse(c.req.param('id'));
  if (!employeeId.success) return 'invalid_employee_id';
  return { kind: 'enrol', employeeId: employeeId.data, force: c.req.query('force') === 'true' };
}

/** Every endpoint that takes photos, by what it is for. */
export const SUBMISSIONS = {
  original: { dialect: 'original', form: ONE_IMAGE, order: verification },
  verification: { dialect: 'v1', form: ONE_IMAGE, order: verification },
  identification: { dialect: 'v1', form: ONE_IMAGE, order: identification },
  comparison: {
    dialect: 'v1',
    form: { imageFields: ['image', 'image1', 'image2'], minImages: 2, maxImages: 2 },
    order: () => ({ kind: 'compare' }),
  },
  enrolment: {
    dialect: 'v1',
    form: { imageFields: ['image'], minImages: 1, maxImages: MAX_ENROLLED },
    order: enrolment,
  },
} as const satisfies Record<string, SubmissionEndpoint>;

/** Upload → job → answer, or 202 with the job to poll. */
export function submissionHandler(endpoint: SubmissionEndpoint, options: SubmissionOptions): Handler<ApiEnvironment> {
  const { submit, maxUploadBytes, syncTimeoutMs, enforceDetection } = options;
  const rules: FormRules = { ...endpoint.form, maxImageBytes: maxUploadBytes };
  return async (c: ApiContext) => {
    const read = await readUploadForm(c.req.raw, rules);
    if (!read.ok) return sendError(c, read.code);
    const { images } = read.form;
    const order = endpoint.order(read.form, c);
    if (typeof order === 'string') return sendError(c, order);
    const { waitMs, applied } = parsePrefer(c.req.header('prefer'), syncTimeoutMs);
    const log = c.get('log');
    if ('employeeId' in order) log.employee_id = order.employeeId;
    log.bytes = images.reduce((sum, image) => sum + image.byteLength, 0);

    const { job, end } = await submit({
      order,
      images,
      requestId: c.get('requestId'),
      dialect: endpoint.dialect,
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
