import { type Dialect, type ErrorCode, employeeIdSchema, type JobOrigin, type Scope } from '@rollcall/contracts';
import { type AuditLog, attemptOf, type CallbackHost, checkCallbackUrl, type Lockouts } from '@rollcall/platform';
import type { Handler } from 'hono';
import type { Admission } from '../jobs/admission.js';
import type { Cancel } from '../jobs/cancel.js';
import { ACTIONS } from '../jobs/journal.js';
import type { PaceRefusal } from '../jobs/refusal-pace.js';
import type { Order, Submission, Submit, Submitted } from '../jobs/submit.js';
import { departureOf } from './client-departure.js';
import { type ApiContext, type ApiEnvironment, send, sendError, traceOf } from './context.js';
import { parsePrefer } from './prefer.js';
import { replyTo } from './replies.js';
import { type FormRules, readUploadForm, type UploadForm } from './upload.js';
import type { UploadGate } from './upload-gate.js';
import { uploadSource } from './upload-source.js';

export interface SubmissionOptions {
  readonly submit: Submit;
  readonly cancel: Cancel;
  readonly admission: Pick<Admission, 'refuse'>;
  readonly paceRefusal: PaceRefusal;
  readonly lockouts: Pick<Lockouts, 'lockedFor'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly uploadGate: UploadGate;
  readonly maxUploadBytes: number;
  readonly syncTimeoutMs: number;
  readonly jobDeadlineMs: number;
  readonly enforceDetection: boolean;
  /** To where a request may ask to be called back. */
  readonly callbackHosts: readonly CallbackHost[];
}

/** An endpoint that makes a job of an upload. */
export interface SubmissionEndpoint {
  readonly dialect: Dialect;
  readonly scope: Scope;
  /** Lets verifications go first. */
  readonly background: boolean;
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
/** The reply to the first poll says when to come next. */
const FIRST_POLL_SECONDS = 1;

/** Printable ASCII, as the IETF's draft-ietf-httpapi-idempotency-key-header has it. */
const IDEMPOTENCY_KEY = /^[\x20-\x7e]{1,255}$/;
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
  const force = c.req.query('force') ?? 'false';
  // Whoever writes `force=yes` must not believe that it was heard.
  if (force !== 'true' && force !== 'false') return 'invalid_request';
  return { kind: 'enrol', employeeId: employeeId.data, force: force === 'true' };
}

/** Every endpoint that takes photos, by what it is for. */
export const SUBMISSIONS = {
  original: { dialect: 'original', scope: 'verify', background: false, form: ONE_IMAGE, order: verification },
  verification: { dialect: 'v1', scope: 'verify', background: false, form: ONE_IMAGE, order: verification },
  identification: { dialect: 'v1', scope: 'verify', background: false, form: ONE_IMAGE, order: identification },
  comparison: {
    dialect: 'v1',
    scope: 'verify',
    background: false,
    form: { imageFields: ['image', 'image1', 'image2'], minImages: 2, maxImages: 2 },
    order: () => ({ kind: 'compare' }),
  },
  enrolment: {
    dialect: 'v1',
    scope: 'enroll',
    background: true,
    form: { imageFields: ['image'], minImages: 1, maxImages: MAX_ENROLLED },
    order: enrolment,
  },
  assessment: {
    dialect: 'v1',
    scope: 'enroll',
    background: true,
    form: ONE_IMAGE,
    order: () => ({ kind: 'assess' }),
  },
} as const satisfies Record<string, SubmissionEndpoint>;

/** What may be locked: a verification of somebody, or an identification. */
interface Attempted {
  readonly employeeId?: string;
  readonly origin: JobOrigin;
}

/** Upload → job → answer, or 202 with the job to poll. */
export function submissionHandler(endpoint: SubmissionEndpoint, options: SubmissionOptions): Handler<ApiEnvironment> {
  const { submit, cancel, admission, paceRefusal, lockouts, audit, uploadGate } = options;
  const { maxUploadBytes, syncTimeoutMs, jobDeadlineMs, enforceDetection, callbackHosts } = options;
  const rules: FormRules = { ...endpoint.form, maxImageBytes: maxUploadBytes };

  /** Seconds until the caller may verify again, when too many verifications have failed. */
  async function lockedFor({ employeeId, origin: { tokenId } }: Attempted): Promise<number | undefined> {
    if (tokenId === null) return undefined;
    return lockouts.lockedFor({ employeeId, tokenId }).catch(() => undefined);
  }

  /** The job that the upload has become, or why it has not. A function of its own, because its photos go when it returns. */
  async function accept(
    c: ApiContext,
    { departure, waitMs, background }: Pick<Submission, 'departure' | 'waitMs' | 'background'>,
  ): Promise<Submitted | Response> {
    const upload = await readUploadForm(uploadSource(c.req.raw, c.env.incoming), rules, uploadGate);
    if (!upload.ok) return sendError(c, upload.code);
    const { images, release } = upload.form;
    try {
      const order = endpoint.order(upload.form, c);
      if (typeof order === 'string') return sendError(c, order);
      const callbackUrl = upload.form.text('callback_url');
      if (callbackUrl !== undefined && !checkCallbackUrl(callbackUrl, callbackHosts)) {
        return sendError(c, 'callback_not_allowed');
      }
      const { tokenId, gate } = c.get('principal');
      const origin = { tokenId, gate };
      const locked = attemptOf(order, origin) && (await lockedFor({ ...order, origin }));
      if (locked !== undefined) {
        const employee = 'employeeId' in order ? order.employeeId : null;
        await audit.record({ ...traceOf(c), action: ACTIONS[order.kind], employee, outcome: 'verification_locked' });
        return sendError(c, 'verification_locked', locked);
      }
      c.get('log').bytes = images.reduce((sum, image) => sum + image.byteLength, 0);
      return await submit({
        order,
        images,
        requestId: c.get('requestId'),
        dialect: endpoint.dialect,
        origin,
        address: c.get('address'),
        waitMs,
        background,
        callbackUrl,
        idempotencyKey: c.req.header('idempotency-key'),
        departure,
      });
    } finally {
      release();
    }
  }

  return async (c: ApiContext) => {
    const idempotencyKey = c.req.header('idempotency-key');
    if (idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey)) return sendError(c, 'invalid_request');
    const { waitMs, applied, isAsync } = parsePrefer(c.req.header('prefer'), syncTimeoutMs);
    const background = isAsync || endpoint.background;
    // Before anything of the photo is read.
    const deadlineMs = isAsync ? jobDeadlineMs : Math.max(waitMs, syncTimeoutMs);
    const later = admission.refuse({ background, deadlineMs });
    const departure = departureOf(c);
    if (later !== undefined) {
      await paceRefusal(departure);
      return sendError(c, 'overloaded', later);
    }

    const accepted = await accept(c, { departure, waitMs, background });
    if (accepted instanceof Response) return accepted;
    const { job, replayed, ended } = accepted;
    c.get('log').job_id = job.id;
    const headers = c.get('headers');
    if (applied) headers['Preference-Applied'] = applied;
    if (replayed) headers['Idempotent-Replayed'] = 'true';
    const end = await ended;
    if (end) {
      const reply = replyTo(job, end, enforceDetection);
      // Refused where the decision would have been made.
      const locked = reply.outcome === 'verification_locked' ? await lockedFor(job) : undefined;
      return locked === undefined ? send(c, reply) : sendError(c, 'verification_locked', locked);
    }
    // A worker should not work for nobody. With a key somebody else may wait for the same job, or come back for it.
    const isNobodys = idempotencyKey === undefined && job.callbackUrl === undefined;
    if (departure.left && isNobodys) await cancel(job);
    headers.Location = statusUrl(job.id);
    const body = { job_id: job.id, status: 'queued', status_url: statusUrl(job.id) };
    return send(c, { status: 202, body, outcome: 'accepted' }, FIRST_POLL_SECONDS);
  };
}
