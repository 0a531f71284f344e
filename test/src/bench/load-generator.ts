import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadOrder, LoadReport, Sample } from './load-process.js';

/** A process that makes requests, one order at a time. */
export interface LoadGenerator {
  run(order: LoadOrder): Promise<LoadReport>;
  stop(): void;
}

export function startLoadGenerator(): LoadGenerator {
  const child = fork(fileURLToPath(new URL('./load-process.js', import.meta.url)));
  return {
    async run(order) {
      child.send(order);
      const [report] = await once(child, 'message');
      return report as LoadReport;
    },
    stop: () => void child.kill(),
  };
}

/** Requests that were answered with 200 until the end of the run, by the second. */
export function servedPerSecond(samples: readonly Sample[], seconds: number): number {
  return samples.filter(({ at, ms, status }) => status === 200 && at + ms <= seconds * 1000).length / seconds;
}
