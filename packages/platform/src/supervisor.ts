import { type ChildProcess, fork } from 'node:child_process';
import { EXIT_CONFIGURATION } from './lifecycle.js';
import type { Logger } from './logger.js';

export interface SupervisorOptions {
  /** For the log: what runs in the processes. */
  readonly name: string;
  readonly processes: number;
  /** Starts one process. One with an IPC channel reports itself with {@link reportReady}. */
  readonly start: () => ChildProcess;
  readonly logger: Logger;
  /** A process says that no restart can help (exit status {@link EXIT_CONFIGURATION}). */
  readonly onFatal: () => void;
}

export interface Supervisor {
  /** Resolves with the processes' reports when each has been ready once. */
  readonly ready: Promise<readonly ReadyReport[]>;
  /** Sends SIGTERM to every process and resolves when all are gone. */
  stop(): Promise<void>;
}

/** What a process tells its supervisor when it has started. */
export interface ReadyReport {
  readonly ready: true;
  /** Where it listens, if it does. */
  readonly url?: string;
}

const MIN_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 10_000;
/** A process that lived this long was healthy: its next restart waits no longer than the first. */
const HEALTHY_MS = 30_000;

/** Keeps a number of processes alive, restarting a crashed one after a pause that doubles with each crash. */
export function startSupervisor({ name, processes, start, logger, onFatal }: SupervisorOptions): Supervisor {
  const children = new Set<ChildProcess>();
  const restarts = new Set<NodeJS.Timeout>();
  const reports = new Map<number, ReadyReport>();
  let becomeReady: (reports: readonly ReadyReport[]) => void;
  const ready = new Promise<readonly ReadyReport[]>((resolve) => {
    becomeReady = resolve;
  });
  let stopping = false;

  function run(slot: number, crashes: number): void {
    const startedAt = Date.now();
    const child = start();
    children.add(child);
    child.on('message', (message) => {
      if (!isReadyReport(message)) return;
      logger.info({ process: name, slot, child_pid: child.pid, start_ms: Date.now() - startedAt }, 'process ready');
      reports.set(slot, message);
      if (reports.size === processes) becomeReady([...reports.values()]);
    });
    child.on('error', (error) => logger.error({ err: error, process: name, slot }, 'process'));
    child.on('exit', (code, signal) => {
      children.delete(child);
      if (stopping) return;
      if (code === EXIT_CONFIGURATION) return onFatal();
      const failures = Date.now() - startedAt > HEALTHY_MS ? 0 : crashes;
      const backoff = Math.min(MIN_BACKOFF_MS * 2 ** failures, MAX_BACKOFF_MS);
      logger.error({ process: name, slot, code, signal, restart_ms: backoff }, 'process died');
      const restart = setTimeout(() => {
        restarts.delete(restart);
        run(slot, failures + 1);
      }, backoff);
      restarts.add(restart);
    });
  }

  for (let slot = 0; slot < processes; slot++) run(slot, 0);

  return {
    ready,
    async stop() {
      stopping = true;
      for (const timer of restarts) clearTimeout(timer);
      await Promise.all([...children].map(terminate));
    },
  };
}

/**
 * Starts a script with an IPC channel, in a process group of its own: Ctrl-C in a terminal reaches only the parent,
 * which then stops its processes in order. The flags are Node's and V8's; those of this process are not passed on.
 */
export function forkScript(
  script: string,
  environment: NodeJS.ProcessEnv,
  flags: readonly string[] = [],
): ChildProcess {
  return fork(script, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
    env: environment,
    execArgv: [...flags],
  });
}

/** Tells the supervising process, if there is one, that this process has started. */
export function reportReady(report: Omit<ReadyReport, 'ready'> = {}): void {
  process.send?.({ ...report, ready: true } satisfies ReadyReport);
}

function isReadyReport(message: unknown): message is ReadyReport {
  return typeof message === 'object' && message !== null && 'ready' in message;
}

function terminate(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}
