import type { Agenda } from './agenda.js';
import { createFifo } from './fifo.js';
import { createHeap } from './heap.js';

/** Cores that everything that wants to run shares evenly, as the kernel's scheduler does. */
export interface Machine {
  readonly cores: number;
  /** Core milliseconds used. */
  readonly busyMs: number;
  /** Calls `done` when `ms` of CPU have been used. */
  run(ms: number, done: () => void): void;
}

export interface MachineOptions {
  readonly cores: number;
  /** By how much everything takes longer when all cores are busy instead of one, for want of cache and memory bandwidth. */
  readonly slowdown?: number;
}

/** Of milliseconds; shares are floating-point numbers. */
const EPSILON = 1e-6;

/**
 * Egalitarian processor sharing: with n tasks each runs at min(1, cores / n). All tasks progress at the same rate, so that one
 * "virtual" clock tells when each is finished, and only the next to finish needs an event.
 */
export function createMachine(agenda: Agenda, { cores, slowdown = 0 }: MachineOptions): Machine {
  const tasks = createHeap<() => void>();
  /** CPU milliseconds that a task that runs since the beginning would have had. */
  let virtual = 0;
  let last = 0;
  let busyMs = 0;
  /** When the pending event is due; earlier events find that they are out of date. */
  let due = Number.POSITIVE_INFINITY;

  const speed = (busy: number) => (cores > 1 ? 1 / (1 + (slowdown * (busy - 1)) / (cores - 1)) : 1);

  function rate(): number {
    const busy = Math.min(tasks.size, cores);
    return busy === 0 ? 0 : (busy / tasks.size) * speed(busy);
  }

  function advance(): void {
    const elapsed = agenda.now - last;
    last = agenda.now;
    if (elapsed === 0) return;
    virtual += elapsed * rate();
    busyMs += elapsed * Math.min(tasks.size, cores);
  }

  function plan(): void {
    if (tasks.size === 0) {
      due = Number.POSITIVE_INFINITY;
      return;
    }
    const next = agenda.now + Math.max(0, tasks.peekKey() - virtual) / rate();
    if (next === due) return;
    due = next;
    agenda.at(next, () => finish(next));
  }

  function finish(planned: number): void {
    if (planned !== due) return;
    due = Number.POSITIVE_INFINITY;
    advance();
    const done: (() => void)[] = [];
    while (tasks.peekKey() <= virtual + EPSILON) done.push(tasks.pop() as () => void);
    plan();
    for (const each of done) each();
  }

  return {
    cores,
    get busyMs() {
      advance();
      return busyMs;
    },
    run(ms, done) {
      if (ms <= 0) return done();
      advance();
      tasks.push(virtual + ms, done);
      plan();
    },
  };
}

/** Something that does one thing at a time on a machine: a Node process' event loop, Redis. */
export interface Thread {
  /** Tasks that wait for their turn. */
  readonly waiting: number;
  /** CPU milliseconds of all tasks that were begun. */
  readonly usedMs: number;
  run(ms: number, done: () => void): void;
}

export function createThread(machine: Machine): Thread {
  const queue = createFifo<readonly [ms: number, done: () => void]>();
  let isBusy = false;
  let usedMs = 0;

  function begin(ms: number, done: () => void): void {
    isBusy = true;
    usedMs += ms;
    machine.run(ms, () => {
      const next = queue.shift();
      if (next) begin(...next);
      else isBusy = false;
      done();
    });
  }

  return {
    get waiting() {
      return queue.size;
    },
    get usedMs() {
      return usedMs;
    },
    run(ms, done) {
      if (isBusy) queue.push([ms, done]);
      else begin(ms, done);
    },
  };
}
