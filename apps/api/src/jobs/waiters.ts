import type { EndedJobs, JobEnd } from './ports.js';

export interface WaitersOptions {
  readonly endedJobs: EndedJobs;
  readonly onError: (error: unknown) => void;
  readonly sweepMs?: number;
}

export interface WaitOptions {
  readonly timeoutMs: number;
  /** Aborted when the client has left. */
  readonly signal?: AbortSignal | undefined;
}

/** Requests that wait for a job to end: one entry per request, however the end becomes known. */
export interface Waiters {
  /** The job's end, or undefined after the timeout or when the client has left. Never rejects. */
  wait(jobId: string, options: WaitOptions): Promise<JobEnd | undefined>;
  /** Hands a job's end to everybody who waits for it. */
  settle(jobId: string, end: JobEnd): void;
  /** How many requests wait. */
  readonly size: number;
  close(): void;
}

/**
 * Half of the second by which a lost event may delay an answer: events can be trimmed away or fall into a reconnect, so
 * every waiting job is looked up this often as well.
 */
const SWEEP_MS = 500;

type Settle = (end: JobEnd | undefined) => void;

export function createWaiters({ endedJobs, onError, sweepMs = SWEEP_MS }: WaitersOptions): Waiters {
  const waiting = new Map<string, Set<Settle>>();
  let size = 0;
  let sweeping = false;

  function settle(jobId: string, end: JobEnd): void {
    for (const resolve of waiting.get(jobId) ?? []) resolve(end);
  }

  async function sweep(): Promise<void> {
    if (sweeping || waiting.size === 0) return;
    sweeping = true;
    try {
      for (const [id, end] of await endedJobs.findEnded([...waiting.keys()])) settle(id, end);
    } catch (error) {
      onError(error);
    } finally {
      sweeping = false;
    }
  }

  const timer = setInterval(sweep, sweepMs);
  timer.unref();

  return {
    wait(jobId, { timeoutMs, signal }) {
      return new Promise((resolve) => {
        const leave = () => finish(undefined);
        const timeout = setTimeout(leave, timeoutMs);
        const finish: Settle = (end) => {
          clearTimeout(timeout);
          signal?.removeEventListener('abort', leave);
          const others = waiting.get(jobId);
          if (!others?.delete(finish)) return;
          size--;
          if (others.size === 0) waiting.delete(jobId);
          resolve(end);
        };
        const others = waiting.get(jobId) ?? new Set();
        waiting.set(jobId, others.add(finish));
        size++;
        if (signal?.aborted) leave();
        else signal?.addEventListener('abort', leave);
      });
    },
    settle,
    get size() {
      return size;
    },
    close() {
      clearInterval(timer);
      for (const resolvers of [...waiting.values()]) for (const resolve of [...resolvers]) resolve(undefined);
    },
  };
}
