import { isProblem, RollcallError, RollcallUnavailableError } from './errors.js';

/** What one try came to: `data` is the body of an answer that is 2xx, `error` that of another. */
export interface Attempt {
  readonly response: Response;
  readonly data?: unknown;
  readonly error?: unknown;
}

export interface RetryOptions {
  /** By the clock of `performance.now()`; nothing begins after it. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
  /** One try's limit, in milliseconds. */
  readonly attemptMs: number;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;

/** Statuses of proxies and servers that are overloaded or on their way down or up. */
const PASSING = [408, 429, 502, 503, 504];

/**
 * Tries until an answer is final: after a lost connection, a time-out, or an answer that says a retry can help. Waits as
 * long as the answer asks (`Retry-After`), or twice as long each time, with jitter, so that clients do not come back together.
 * The caller makes sure that a repetition does no harm.
 *
 * @throws {RollcallError} for an answer that is final, or whose retry would come after the deadline.
 * @throws {RollcallUnavailableError} when there was no answer.
 */
export async function withRetries<T>(
  attempt: (signal: AbortSignal) => Promise<Attempt>,
  { deadline, signal, attemptMs }: RetryOptions,
): Promise<{ readonly response: Response; readonly data: T }> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted();
    const left = Math.ceil(Math.max(1, Math.min(attemptMs, deadline - performance.now())));
    const limit = AbortSignal.timeout(left);
    let failure: Error;
    let retryAfterMs: number | undefined;
    try {
      const { response, data, error } = await attempt(signal ? AbortSignal.any([signal, limit]) : limit);
      if (response.ok) return { response, data: data as T };
      const problem = isProblem(error) ? error : undefined;
      failure = new RollcallError(response.status, problem);
      if (!(problem?.retryable ?? PASSING.includes(response.status))) throw failure;
      retryAfterMs = retryAfter(response);
    } catch (error) {
      if (error instanceof RollcallError) throw error;
      signal?.throwIfAborted();
      failure = new RollcallUnavailableError('Rollcall does not answer', { cause: error });
    }
    const waitMs = retryAfterMs ?? pauseMs * (0.5 + Math.random() / 2);
    if (performance.now() + waitMs >= deadline) throw failure;
    await pause(waitMs, signal);
  }
}

function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** @throws the signal's reason */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
