import { fork } from 'node:child_process';
import { on } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface ClosedLoopOrder {
  readonly url: string;
  readonly path: string;
  readonly employeeId: string;
  /** Paths of the photos that are sent in turn. */
  readonly photos: readonly string[];
  readonly clients: number;
  /** Nothing is counted before. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** What ended while it was measured. */
export interface ClosedLoopReport {
  /** Every request, before and after as well. */
  readonly sent: number;
  /** Milliseconds, of what was answered with 200. */
  readonly latencies: readonly number[];
  /** Other answers, and connections that ended without one. */
  readonly errors: number;
}

/** What happens when measuring begins and when it ends. */
export interface Window {
  begin(): unknown;
  end(): unknown;
}

/** A process with clients, each of which asks again as soon as it is answered. */
export interface ClosedLoop {
  readonly pid: number;
  run(order: ClosedLoopOrder, window: Window): Promise<ClosedLoopReport>;
  stop(): void;
}

export function startClosedLoop(): ClosedLoop {
  const child = fork(fileURLToPath(new URL('./closed-loop-process.js', import.meta.url)));
  return {
    pid: child.pid ?? 0,
    async run(order, window) {
      const messages = on(child, 'message', { close: ['exit'] });
      child.send(order);
      for await (const [message] of messages) {
        if (message === 'measuring') await window.begin();
        else if (message === 'measured') await window.end();
        else return message as ClosedLoopReport;
      }
      throw new Error('the clients ended');
    },
    stop: () => void child.kill(),
  };
}
