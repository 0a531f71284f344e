import createFetchClient from 'openapi-fetch';
import { isProblem, RollcallError } from './errors.js';
import { type Attempt, pause, withRetries } from './retry.js';
import type { components, paths } from './schema.js';

type Schemas = components['schemas'];
export type Verification = Schemas['Verification'];
export type Identification = Schemas['Identification'];
export type Comparison = Schemas['Comparison'];
export type Assessment = Schemas['Assessment'];
export type Enrolment = Schemas['Enrolment'];
export type Employee = Schemas['Employee'];
export type Erasure = Schemas['Erasure'];
export type Job = Schemas['Job'];
export type Readiness = Schemas['Readiness'];

export interface ClientOptions {
  /** Such as `https://rollcall.example.com`. */
  readonly url: string;
  /** An access token, `rc_…`. */
  readonly token?: string;
  /** The gate at which requests are made, for tokens that are bound to gates. */
  readonly gate?: string;
  /** For how long a call goes on trying and waiting, in milliseconds; two minutes unless told. */
  readonly deadlineMs?: number;
  /** How long one request may take; 70 seconds unless told, more than the server ever makes one wait. */
  readonly attemptMs?: number;
  readonly fetch?: typeof globalThis.fetch;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Instead of {@link ClientOptions.deadlineMs}. */
  readonly deadlineMs?: number;
}

export interface SubmitOptions extends CallOptions {
  /**
   * Names the request, so that it is carried out once however often it is made, also after a restart of the caller; a
   * random one unless told.
   */
  readonly idempotencyKey?: string;
}

/** JPEG, PNG or WebP. */
export type Photo = Blob | Uint8Array<ArrayBuffer>;

/**
 * Every method resolves with the reply's body, or throws a `RollcallError` for an answer that is none, and a
 * `RollcallUnavailableError` when there was no answer by the deadline.
 */
export interface RollcallClient {
  /** Is this the employee? A mismatch is a result: `verified: false`. */
  verify(employeeId: string, photo: Photo, options?: SubmitOptions): Promise<Verification>;
  /** Which employees may this be? The nearest first. @param options.limit of candidates, 10 at most */
  identify(photo: Photo, options?: SubmitOptions & { readonly limit?: number }): Promise<Identification>;
  /** Do two photos show one person? */
  compare(one: Photo, other: Photo, options?: SubmitOptions): Promise<Comparison>;
  /** Would this photo be fit as a reference? Nothing is kept of it. */
  assess(photo: Photo, options?: SubmitOptions): Promise<Assessment>;
  /** Makes photos references, 1 to 10 at a time. Throws `photos_refused` with what is wrong with each. */
  enrol(
    employeeId: string,
    photos: readonly Photo[],
    options?: SubmitOptions & { readonly force?: boolean },
  ): Promise<Enrolment>;
  /** Hands a verification in without waiting for it; `job.result` waits. Such requests let others go first. */
  submitVerification(employeeId: string, photo: Photo, options?: SubmitOptions): Promise<{ readonly jobId: string }>;
  /** The state of a job now. */
  job(jobId: string, options?: CallOptions): Promise<Job>;
  /** Waits for the end of a job and resolves as the call that made it would have. */
  jobResult<T = Verification>(jobId: string, options?: CallOptions): Promise<T>;
  /** Takes a job back; throws `job_begun` when it is too late. */
  cancelJob(jobId: string, options?: CallOptions): Promise<Job>;
  /** The ids of all employees, page by page. */
  employees(options?: CallOptions & { readonly prefix?: string }): AsyncGenerator<string>;
  employee(employeeId: string, options?: CallOptions): Promise<Employee>;
  /** A reference photo as it was enrolled. */
  facePhoto(employeeId: string, face: string, options?: CallOptions): Promise<Blob>;
  /**
   * Erases a person: photos, embeddings, jobs and uploads. When the first answer was lost, the repetition throws
   * `employee_not_found`: nobody is left to erase.
   */
  erase(employeeId: string, options?: CallOptions): Promise<Erasure>;
  eraseFace(employeeId: string, face: string, options?: CallOptions): Promise<Erasure>;
  /** Whether a verification could be answered now; `not_ready` is a result. */
  ready(options?: CallOptions): Promise<Readiness>;
}

const DEADLINE_MS = 120_000;
const ATTEMPT_MS = 70_000;
/** The longest that one poll waits at the server; proxies let 60 s go by. */
const POLL_SECONDS = 30;
/** From one poll to the next at least. */
const SHORTEST_POLL_MS = 1_000;
const PAGE = 1000;

export function createClient(options: ClientOptions): RollcallClient {
  const { url, token, gate, deadlineMs = DEADLINE_MS, attemptMs = ATTEMPT_MS, fetch } = options;
  const http = createFetchClient<paths>({
    baseUrl: url,
    headers: { ...(token && { Authorization: `Bearer ${token}` }), ...(gate && { 'X-Gate': gate }) },
    ...(fetch && { fetch }),
  });

  function limits(call: CallOptions = {}) {
    return { deadline: performance.now() + (call.deadlineMs ?? deadlineMs), signal: call.signal, attemptMs };
  }

  async function call<T>(attempt: (signal: AbortSignal) => Promise<Attempt>, call?: CallOptions): Promise<T> {
    return (await withRetries<T>(attempt, limits(call))).data;
  }

  /**
   * Makes a job, with a key that makes repeating harmless, and waits for its end. An answer that the request has become a
   * job (202) is followed until the deadline.
   */
  async function submit<T>(
    attempt: (key: string, signal: AbortSignal) => Promise<Attempt>,
    { idempotencyKey = crypto.randomUUID(), ...given }: SubmitOptions = {},
  ): Promise<T> {
    const bounds = limits(given);
    const { response, data } = await withRetries<unknown>((signal) => attempt(idempotencyKey, signal), bounds);
    if (response.status !== 202) return data as T;
    return follow<T>((data as Schemas['Accepted']).job_id, bounds);
  }

  async function follow<T>(jobId: string, bounds: ReturnType<typeof limits>): Promise<T> {
    for (;;) {
      const began = performance.now();
      const wait = Math.max(0, Math.min(POLL_SECONDS, Math.floor((bounds.deadline - began) / 1000)));
      const { data: job } = await withRetries<Job>((signal) => getJob(jobId, signal, wait), bounds);
      if (job.response) {
        const { status, body } = job.response;
        if (status >= 200 && status < 300) return body as T;
        throw new RollcallError(status, isProblem(body) ? body : undefined);
      }
      // A server that does not let one wait, because it is about to stop, is not asked in a hurry.
      const next = Math.max(began + SHORTEST_POLL_MS, performance.now());
      if (next >= bounds.deadline) {
        throw new DOMException(`the job ${jobId} had not ended by the deadline`, 'TimeoutError');
      }
      await pause(next - performance.now(), bounds.signal);
    }
  }

  function getJob(id: string, signal: AbortSignal, wait?: number) {
    return http.GET('/v1/jobs/{id}', {
      params: { path: { id }, ...(wait !== undefined && { query: { wait } }) },
      signal,
    });
  }

  return {
    verify: (employeeId, photo, given) =>
      submit<Verification>(
        (key, signal) =>
          http.POST('/v1/verifications', {
            params: { header: { 'Idempotency-Key': key } },
            body: { employee_id: employeeId, image: asBlob(photo) },
            bodySerializer: asForm,
            signal,
          }),
        given,
      ),

    identify: (photo, given) =>
      submit<Identification>(
        (key, signal) =>
          http.POST('/v1/identifications', {
            params: { header: { 'Idempotency-Key': key } },
            body: { image: asBlob(photo), ...(given?.limit !== undefined && { limit: given.limit }) },
            bodySerializer: asForm,
            signal,
          }),
        given,
      ),

    compare: (one, other, given) =>
      submit<Comparison>(
        (key, signal) =>
          http.POST('/v1/comparisons', {
            params: { header: { 'Idempotency-Key': key } },
            body: { image: [asBlob(one), asBlob(other)] },
            bodySerializer: asForm,
            signal,
          }),
        given,
      ),

    assess: (photo, given) =>
      submit<Assessment>(
        (key, signal) =>
          http.POST('/v1/assessments', {
            params: { header: { 'Idempotency-Key': key } },
            body: { image: asBlob(photo) },
            bodySerializer: asForm,
            signal,
          }),
        given,
      ),

    enrol: (employeeId, photos, given) =>
      submit<Enrolment>(
        (key, signal) =>
          http.POST('/v1/employees/{id}/faces', {
            params: {
              path: { id: employeeId },
              query: given?.force ? { force: 'true' } : {},
              header: { 'Idempotency-Key': key },
            },
            body: { image: photos.map(asBlob) },
            bodySerializer: asForm,
            signal,
          }),
        given,
      ),

    async submitVerification(employeeId, photo, given = {}) {
      const { idempotencyKey = crypto.randomUUID(), ...rest } = given;
      const { data } = await withRetries<Verification | Schemas['Accepted']>(
        (signal) =>
          http.POST('/v1/verifications', {
            params: { header: { 'Idempotency-Key': idempotencyKey, Prefer: 'respond-async' } },
            body: { employee_id: employeeId, image: asBlob(photo) },
            bodySerializer: asForm,
            signal,
          }),
        limits(rest),
      );
      return { jobId: data.job_id };
    },

    job: (jobId, given) => call<Job>((signal) => getJob(jobId, signal), given),
    jobResult: (jobId, given) => follow(jobId, limits(given)),
    cancelJob: (jobId, given) =>
      call((signal) => http.DELETE('/v1/jobs/{id}', { params: { path: { id: jobId } }, signal }), given),

    async *employees({ prefix, ...given } = {}) {
      let cursor: string | null = null;
      do {
        const query = { limit: PAGE, ...(cursor !== null && { cursor }), ...(prefix && { prefix }) };
        const page: Schemas['Employees'] = await call(
          (signal) => http.GET('/v1/employees', { params: { query }, signal }),
          given,
        );
        for (const { employee_id } of page.employees) yield employee_id;
        cursor = page.next_cursor;
      } while (cursor !== null);
    },

    employee: (id, given) =>
      call((signal) => http.GET('/v1/employees/{id}', { params: { path: { id } }, signal }), given),

    facePhoto: (id, face, given) =>
      call<Blob>(
        (signal) =>
          http.GET('/v1/employees/{id}/faces/{face}', { params: { path: { id, face } }, parseAs: 'blob', signal }),
        given,
      ),

    erase: (id, given) =>
      call((signal) => http.DELETE('/v1/employees/{id}', { params: { path: { id } }, signal }), given),

    eraseFace: (id, face, given) =>
      call(
        (signal) => http.DELETE('/v1/employees/{id}/faces/{face}', { params: { path: { id, face } }, signal }),
        given,
      ),

    ready: (given) =>
      call<Readiness>(async (signal) => {
        const { response, data, error } = await http.GET('/readyz', { signal });
        // 503 is the answer that it is not ready, and no reason to ask again.
        return error && 'checks' in error ? { response: new Response(null), data: error } : { response, data, error };
      }, given),
  };
}

function asBlob(photo: Photo): Blob {
  return photo instanceof Blob ? photo : new Blob([photo]);
}

/** Several values of a field are several parts of its name. */
function asForm(fields: Readonly<Record<string, unknown>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const part of Array.isArray(value) ? value : [value]) {
      form.append(name, part instanceof Blob ? part : `${part}`);
    }
  }
  return form;
}
