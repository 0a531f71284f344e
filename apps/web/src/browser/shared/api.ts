import type { JobReply, Problem } from '@rollcall/contracts';

/** Who asks, read anew for each request. */
export interface Caller {
  token(): string | null;
  gate(): string | null;
}

/** An error as the service tells it. `code` is `unknown` when something between here and the service answered instead. */
export type Refusal = Pick<Problem, 'status' | 'detail' | 'retryable'> &
  Partial<Pick<Problem, 'photos' | 'job_id'>> & { readonly code: Problem['code'] | 'unknown' };

export type Answer<T> =
  | { readonly kind: 'done'; readonly status: number; readonly body: T }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly retryAfterSeconds: number | null }
  /** `network`: the connection failed, although the device believes that it has a network. */
  | { readonly kind: 'unreachable'; readonly cause: 'offline' | 'timeout' | 'network' }
  /** Whoever asked has given up. */
  | { readonly kind: 'aborted' };

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** How a job that was accepted gets on. */
export interface JobProgress {
  readonly jobId: string;
  /** How many are before it, if it is known. */
  readonly position: number | null;
  readonly estimatedSeconds: number | null;
  /** Whether the last poll failed; it is repeated. */
  readonly isLost: boolean;
}

export interface SubmitOptions extends RequestOptions {
  readonly body: FormData;
  /** The same for every try of one request, so that a repeated one is not done twice. */
  readonly key: string;
  readonly onProgress?: (progress: JobProgress) => void;
  /** After this the result is not waited for any longer. */
  readonly patienceMs?: number;
}

const TIMEOUT_MS = 15_000;
/** A photo may travel on a slow network. */
const UPLOAD_TIMEOUT_MS = 20_000;
const PATIENCE_MS = 60_000;
/** How long the service is asked to hold a request or a poll, before it tells how the job gets on. */
const HOLD_SECONDS = 3;
const POLL_PAUSE_MS = 1_000;

export interface Api {
  /** JSON. Never rejects. */
  request<T>(path: string, options?: RequestOptions): Promise<Answer<T>>;
  /** A photo, which needs a token like everything else and so cannot be the `src` of an image. Never rejects. */
  photo(path: string, signal?: AbortSignal): Promise<Answer<Blob>>;
  /** Posts photos and follows the job that they become to its end. Never rejects. */
  submit<T>(path: string, options: SubmitOptions): Promise<Answer<T>>;
}

/** @param base of the service's address; empty for the one that the page came from */
export function createApi(caller: Caller, base = ''): Api {
  async function send<T>(
    path: string,
    options: RequestOptions,
    read: (response: Response) => Promise<T>,
  ): Promise<Answer<T> & { readonly location?: string | null }> {
    const { method = 'GET', body, headers = {}, signal, timeoutMs = TIMEOUT_MS } = options;
    const [token, gate] = [caller.token(), caller.gate()];
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(base + path, {
        method,
        ...(body && { body }),
        headers: {
          Accept: 'application/json',
          ...(token && { Authorization: `Bearer ${token}` }),
          ...(gate && { 'X-Gate': gate }),
          ...headers,
        },
        credentials: 'omit',
        cache: 'no-store',
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      if (!response.ok) return await refused(response);
      const location = response.headers.get('Location');
      return { kind: 'done', status: response.status, body: await read(response), location };
    } catch {
      if (signal?.aborted) return { kind: 'aborted' };
      if (timeout.aborted) return { kind: 'unreachable', cause: 'timeout' };
      return { kind: 'unreachable', cause: navigator.onLine ? 'network' : 'offline' };
    }
  }

  const request = <T>(path: string, options: RequestOptions = {}) =>
    send(path, options, (response) => response.json() as Promise<T>);

  async function follow<T>(jobId: string, options: SubmitOptions): Promise<Answer<T>> {
    const { signal, onProgress, patienceMs = PATIENCE_MS } = options;
    const deadline = performance.now() + patienceMs;
    const forSignal = signal ? { signal } : {};
    let last: JobProgress = { jobId, position: null, estimatedSeconds: null, isLost: false };
    for (;;) {
      onProgress?.(last);
      const poll = await request<JobReply>(`/v1/jobs/${jobId}?wait=${HOLD_SECONDS}`, forSignal);
      if (poll.kind === 'aborted') return poll;
      if (poll.kind === 'refused' && poll.refusal.status < 500 && poll.refusal.status !== 429) return poll;
      if (poll.kind === 'done') {
        const { response, position = null, estimated_wait_seconds: estimatedSeconds = null } = poll.body;
        if (response) return asAnswered<T>(response.status, response.body);
        last = { jobId, position, estimatedSeconds, isLost: false };
      } else {
        last = { ...last, isLost: true };
        onProgress?.(last);
        await sleep(POLL_PAUSE_MS, signal);
      }
      if (signal?.aborted) return { kind: 'aborted' };
      if (performance.now() > deadline) return { kind: 'unreachable', cause: 'timeout' };
    }
  }

  return {
    request,
    photo: (path, signal) => send(path, signal ? { signal } : {}, (response) => response.blob()),
    async submit<T>(path: string, options: SubmitOptions): Promise<Answer<T>> {
      const headers = { ...options.headers, 'Idempotency-Key': options.key, Prefer: `wait=${HOLD_SECONDS}` };
      const answer = await send<T | { job_id: string }>(
        path,
        { timeoutMs: UPLOAD_TIMEOUT_MS, ...options, method: 'POST', headers },
        (response) => response.json(),
      );
      if (answer.kind !== 'done' || answer.status !== 202) return answer as Answer<T>;
      return follow<T>((answer.body as { job_id: string }).job_id, options);
    },
  };
}

/**
 * Whether a refused request would be answered the same again under its key: its job has ended, so that another try needs a
 * new one.
 */
export function needsNewKey({ code, job_id }: Refusal): boolean {
  return job_id !== undefined || ['result_gone', 'idempotency_key_reused', 'job_not_found'].includes(code);
}

/** The status and body that a job's end would have had as a synchronous answer. */
function asAnswered<T>(status: number, body: unknown): Answer<T> {
  if (status < 400) return { kind: 'done', status, body: body as T };
  return { kind: 'refused', refusal: asRefusal(status, body), retryAfterSeconds: null };
}

async function refused(response: Response): Promise<Answer<never>> {
  const body: unknown = await response.json().catch(() => undefined);
  const seconds = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  return {
    kind: 'refused',
    refusal: asRefusal(response.status, body),
    retryAfterSeconds: Number.isFinite(seconds) ? seconds : null,
  };
}

function asRefusal(status: number, body: unknown): Refusal {
  if (typeof body === 'object' && body !== null && 'code' in body) return body as Refusal;
  return { status, code: 'unknown', detail: '', retryable: status >= 500 || status === 429 };
}

/** Resolves early when the signal is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal?.aborted) done();
    else signal?.addEventListener('abort', done);
  });
}
