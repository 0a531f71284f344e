import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BareOrder, BareReport } from './bare-process.js';

export interface BareMeasurement {
  /** Verifications per second of all processes together. */
  readonly perSecond: number;
  /** Milliseconds of processor time for one verification. */
  readonly cpuMs: number;
  /** Milliseconds of each verification. */
  readonly latencies: readonly number[];
  /** Mean milliseconds by stage, as the pipeline itself times them. */
  readonly stages: Readonly<Record<string, number>>;
}

export interface BarePipeline {
  readonly pids: readonly number[];
  measure(seconds: number, changes?: BareChanges): Promise<BareMeasurement>;
  stop(): void;
}

export interface BareChanges extends Partial<Pick<BareOrder, 'photos' | 'concurrency'>> {
  /** So many of the processes; all unless told. */
  readonly processes?: number;
}

/** `processes` of them, each with the same concurrency, as the system has workers. Set `env` to have them profiled. */
export function startBarePipeline(
  processes: number,
  order: Omit<BareOrder, 'seconds'>,
  env: Readonly<Record<string, string>> = {},
): BarePipeline {
  const script = fileURLToPath(new URL('./bare-process.js', import.meta.url));
  // biome-ignore lint/style/noProcessEnv: the child's environment is ours and what it is told besides
  const environment = { ...process.env, ...env };
  const children: ChildProcess[] = Array.from({ length: processes }, () => fork(script, { env: environment }));
  return {
    pids: children.map(({ pid }) => pid ?? 0),
    async measure(seconds, { processes: some = processes, ...changes } = {}) {
      const reports = await Promise.all(
        children.slice(0, some).map(async (child) => {
          child.send({ ...order, ...changes, seconds } satisfies BareOrder);
          const [report] = await once(child, 'message');
          return report as BareReport;
        }),
      );
      const latencies = reports.flatMap((report) => report.latencies);
      return {
        perSecond: reports.reduce((sum, report) => sum + report.latencies.length / report.seconds, 0),
        cpuMs: reports.reduce((sum, report) => sum + report.cpuMs, 0) / latencies.length,
        latencies,
        stages: reports[0]?.stages ?? {},
      };
    },
    stop() {
      for (const child of children) child.kill();
    },
  };
}
