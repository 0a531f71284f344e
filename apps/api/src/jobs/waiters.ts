import type { Departure } from './departure.js';
import type { EndedJobs, JobEnd } from './ports.js';

export interface WaitersOptions {
  readonly endedJobs: EndedJobs;
  readonly onError: (error: unknown) => void;
  readonly sweepMs?: number;
}

export interface WaitOptions {
  readonly timeoutMs: number;
  /** Nobody is kept waiting: a lost event may be made up for later. */
  readonly patient?: boolean;
  /** Of whoever is kept waiting. */
  readonly departure?: Departure | undefined;
}

/** Requests that wait for a job to end: one entry per request, however the end becomes known. */
export interface Waiters {
  /** The job's end, or undefined after the timeout or when the client has left. Never rejects. */
  wait(jobId: string, options: WaitOptions): Promise<JobEnd | undefined>;
  /** Hands a job's end to everybody who waits for it. */
  settle(jobId: string, end: JobEnd): void;
  /** How many requests wait. */
  readonly size: number;
  /** Lets everybody go; from now on nobody waits. */
  close(): void;
  readonly closed: boolean;
}

/**
 * Half of the second by which a lost event may delay an answer: events can be trimmed away or fall into a reconnect, so
 * every waiting job is looked up this often as well.
 */
const SWEEP_MS = 500;

/** Every so many-th sweep also looks up the jobs for which nobody is kept waiting, which may be many. */
const PATIENT_SWEEPS = 20;

type Settle = (end: JobEnd | undefined) => void;

/** Those who wait for one job, and how many of them are kept waiting. */
interface Waiting {
  readonly settles: Set<Settle>;
  impatient: number;
}

export function createWaiters({ endedJobs, onError, sweepMs = SWEEP_MS }: WaitersOptions): Waiters {
  const waiting = new Map<string, Waiting>();
  let size = 0;
  let sweeps = 0;
  let sweeping = false;
  let closed = false;

  function settle(jobId: string, end: JobEnd): void {
    for (const resolve of waiting.get(jobId)?.settles ?? []) resolve(end);
  }

  async function sweep(): Promise<void> {
    if (sweeping) return;
    const all = sweeps++ % PATIENT_SWEEPS === 0;
    const ids = [...waiting].flatMap(([id, { impatient }]) => (all || impatient > 0 ? [id] : []));
    if (ids.length === 0) return;
    sweeping = true;
    try {
      for (const [id, end] of await endedJobs.findEnded(ids)) settle(id, end);
    } catch (error) {
      onError(error);
    } finally {
      sweeping = false;
    }
  }

  const timer = setInterval(sweep, sweepMs);
  timer.unref();

  return {
    wait(jobId, { timeoutMs, patient = false, departure }) {
      if (closed || departure?.left) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        const leave = () => finish(undefined);
        const timeout = setTimeout(leave, timeoutMs);
        const finish: Settle = (end) => {
          clearTimeout(timeout);
          stay?.();
          const others = waiting.get(jobId);
          if (!others?.settles.delete(finish)) return;
          size--;
          if (!patient) others.impatient--;
          if (others.settles.size === 0) waiting.delete(jobId);
          resolve(end);
        };
        const others = waiting.get(jobId) ?? { settles: new Set(), impatient: 0 };
        others.settles.add(finish);
        if (!patient) others.impatient++;
        waiting.set(jobId, others);
        size++;
        const stay = departure?.onLeave(leave);
      });
    },
    settle,
    get size() {
      return size;
    },
    get closed() {
      return closed;
    },
    close() {
      closed = true;
      clearInterval(timer);
      for (const { settles } of [...waiting.values()]) for (const resolve of [...settles]) resolve(undefined);
    },
  };
}
