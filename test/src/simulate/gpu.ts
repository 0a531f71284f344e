import type { Agenda } from './agenda.js';
import { createFifo } from './fifo.js';

/** A GPU that embeds faces in batches. All of it is assumed, nothing measured, unless costs of a real one are given. */
export interface GpuOptions {
  /** Milliseconds of a batch of one, less `perFaceMs`. */
  readonly fixedMs: number;
  readonly perFaceMs: number;
  readonly maxFaces: number;
  /** How long the first face waits for others. */
  readonly maxWaitMs: number;
}

export interface Gpu {
  readonly busyMs: number;
  embed(done: () => void): void;
}

export function createGpu(agenda: Agenda, { fixedMs, perFaceMs, maxFaces, maxWaitMs }: GpuOptions): Gpu {
  const waiting = createFifo<() => void>();
  let isBusy = false;
  let busyMs = 0;
  /** When the first face has waited for long enough. */
  let due = Number.POSITIVE_INFINITY;

  function start(): void {
    if (isBusy || waiting.size === 0) return;
    if (waiting.size < maxFaces && agenda.now < due) return;
    const batch: (() => void)[] = [];
    while (batch.length < maxFaces && waiting.size > 0) batch.push(waiting.shift() as () => void);
    const ms = fixedMs + perFaceMs * batch.length;
    isBusy = true;
    busyMs += ms;
    // What is left has waited while the batch before it was made up.
    due = agenda.now;
    agenda.after(ms, () => {
      isBusy = false;
      for (const done of batch) done();
      start();
    });
  }

  return {
    get busyMs() {
      return busyMs;
    },
    embed(done) {
      if (waiting.size === 0) {
        due = agenda.now + maxWaitMs;
        agenda.at(due, start);
      }
      waiting.push(done);
      start();
    },
  };
}
