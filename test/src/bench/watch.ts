import { join } from 'node:path';
import { QUEUE_NAME } from '@rollcall/contracts';
import { Redis } from 'ioredis';
import { figuresOf, type ProcessFigures, processTree } from '../support/processes.js';

/** One look at a running system. */
export interface Look {
  /** Milliseconds since the watch began. */
  readonly at: number;
  /** Jobs that somebody waits for and no worker has taken. */
  readonly waiting: number;
  readonly processes: readonly ProcessFigures[];
}

export interface Watch {
  readonly looks: readonly Look[];
  stop(): void;
}

const LOOK_MS = 1_000;

/** The private Redis of the system that `npm start` runs on a data folder. */
export function connectToPrivateRedis(dataDir: string): Redis {
  return new Redis(join(dataDir, 'redis', 'redis.sock'));
}

/** Looks at the system every second, at once for the first time. Processes that begin later are not seen. */
export function startWatch(pid: number, redis: Redis): Watch {
  const looks: Look[] = [];
  const beganAt = performance.now();
  const pids = processTree(pid).map((process) => process.pid);
  async function look(): Promise<void> {
    const at = performance.now() - beganAt;
    const processes = pids.flatMap((id) => figuresOf(id) ?? []);
    looks.push({ at, waiting: await redis.llen(`bull:${QUEUE_NAME}:wait`), processes });
  }
  void look();
  const timer = setInterval(look, LOOK_MS);
  return { looks, stop: () => clearInterval(timer) };
}

/** What one kind of process held at the beginning, at the end and at most, in bytes; all processes of the kind together. */
export function residentOf(looks: readonly Look[], name: string): { start: number; end: number; peak: number } {
  const sums = looks.map(({ processes }) => sumOf(processes, name, 'residentBytes'));
  return { start: sums[0] ?? 0, end: sums.at(-1) ?? 0, peak: Math.max(0, ...sums) };
}

/** CPU seconds that one kind of process has used between the first look and the last. */
export function cpuSecondsOf(looks: readonly Look[], name: string): number {
  const at = (look: Look | undefined) => sumOf(look?.processes ?? [], name, 'cpuSeconds');
  return at(looks.at(-1)) - at(looks[0]);
}

function sumOf(processes: readonly ProcessFigures[], name: string, field: 'residentBytes' | 'cpuSeconds'): number {
  return processes.filter((process) => process.name === name).reduce((sum, process) => sum + process[field], 0);
}
