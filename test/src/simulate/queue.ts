import { createFifo } from './fifo.js';

/** A job in the queue. */
export interface Job {
  /** Counts the jobs that were added. */
  readonly number: number;
  readonly addedAt: number;
  hasEnded: boolean;
  /** Told once, when it ends. */
  onEnd: (() => void) | undefined;
}

/** A worker process as the queue sees it. */
export interface Listener {
  /** Called when there may be a job; the listener asks, and listens again. */
  wake(): void;
}

/**
 * BullMQ's list of waiting jobs and its marker: whoever adds or takes a job sets the marker, and the one that has listened for
 * longest is woken by it. Being woken is no promise of a job.
 */
export interface Queue {
  readonly waiting: number;
  /** Jobs that were added. */
  readonly added: number;
  /** Jobs that have ended, ever. */
  ended: number;
  add(job: Job): void;
  /** For a worker that asks after having listened. */
  take(): Job | undefined;
  /** For a worker that has just ended a job: sets no marker. */
  takeNext(): Job | undefined;
  listen(listener: Listener): void;
  /** How many jobs are taken before this one. */
  positionOf(job: Job): number;
}

export function createQueue(): Queue {
  const jobs = createFifo<Job>();
  const listeners = createFifo<Listener>();
  let isMarked = false;
  let added = 0;

  function wake(): void {
    if (!isMarked) return;
    const listener = listeners.shift();
    if (!listener) return;
    isMarked = false;
    listener.wake();
  }

  function mark(): void {
    isMarked = true;
    wake();
  }

  return {
    get waiting() {
      return jobs.size;
    },
    get added() {
      return added;
    },
    ended: 0,
    add(job) {
      added++;
      jobs.push(job);
      mark();
    },
    take() {
      const job = jobs.shift();
      if (job) mark();
      return job;
    },
    takeNext: () => jobs.shift(),
    listen(listener) {
      listeners.push(listener);
      wake();
    },
    positionOf: (job) => Math.max(0, job.number - (added - jobs.size)),
  };
}
