import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BareOrder, BareReport } from './bare-process.js';

export interface BarePipeline {
  /** Verifications per second of all processes together, and the mean milliseconds by stage. */
  measure(seconds: number): Promise<{ perSecond: number; stages: Readonly<Record<string, number>> }>;
  stop(): void;
}

/** As many processes as the system has workers, each with the same concurrency. */
export function startBarePipeline(processes: number, order: Omit<BareOrder, 'seconds'>): BarePipeline {
  const script = fileURLToPath(new URL('./bare-process.js', import.meta.url));
  const children: ChildProcess[] = Array.from({ length: processes }, () => fork(script));
  return {
    async measure(seconds) {
      const reports = await Promise.all(
        children.map(async (child) => {
          child.send({ ...order, seconds } satisfies BareOrder);
          const [report] = await once(child, 'message');
          return report as BareReport;
        }),
      );
      const verifications = reports.reduce((sum, report) => sum + report.verifications, 0);
      return { perSecond: verifications / seconds, stages: reports[0]?.stages ?? {} };
    },
    stop() {
      for (const child of children) child.kill();
    },
  };
}
