import { createHeap } from './heap.js';

/** The simulated clock and what is going to happen. */
export interface Agenda {
  /** Milliseconds since the beginning. */
  readonly now: number;
  /** How many events have happened. */
  readonly events: number;
  at(time: number, action: () => void): void;
  after(ms: number, action: () => void): void;
  /** Lets everything happen, in order of time, until nothing is left or `isOver` says so. */
  run(isOver?: () => boolean): void;
}

export function createAgenda(): Agenda {
  const heap = createHeap<() => void>();
  let now = 0;
  let events = 0;
  const at = (time: number, action: () => void) => heap.push(Math.max(time, now), action);
  return {
    get now() {
      return now;
    },
    get events() {
      return events;
    },
    at,
    after: (ms, action) => at(now + ms, action),
    run(isOver = () => false) {
      while (heap.size > 0 && !isOver()) {
        now = heap.peekKey();
        events++;
        heap.pop()?.();
      }
    },
  };
}
