import createFetchClient from 'openapi-fetch';
import type {
  Accepted,
  Assessment,
  CallOptions,
  ClientOptions,
  Comparison,
  Employees,
  Enrolment,
  Identification,
  Job,
  Photo,
  Readiness,
  RollcallClient,
  SubmitOptions,
  Verification,
} from './api.js';
import { isProblem, RollcallError } from './errors.js';
import { type Attempt, pause, withRetries } from './retry.js';
import type { paths } from './schema.js';

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
    return follow<T>((data as Accepted).job_id, bounds);
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
      const { data } = await withRetries<Verification | Accepted>(
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
        const page: Employees = await call((signal) => http.GET('/v1/employees', { params: { query }, signal }), given);
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
