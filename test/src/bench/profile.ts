import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { Profiler } from 'node:inspector';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../support/until.js';
import { type Frame, STAGES, type Stage, stageOfStack } from './stage-rules.js';

export interface ThreadTimes {
  /** JavaScript's own. */
  readonly main: number;
  /** V8's helpers: garbage collection and compilation. */
  readonly v8: number;
  /** libvips' workers, which decode. */
  readonly vips: number;
  /** libuv's pool: files, and what of a decode sharp does itself. */
  readonly pool: number;
}

/** What the profiling hook writes. */
export interface ProfiledProcess {
  readonly pid: number;
  readonly script: string;
  /** Milliseconds of processor time by kind of thread. */
  readonly cpuMs: ThreadTimes;
  readonly profile: Profiler.Profile;
}

export type StageTimes = Readonly<Record<Stage, number>>;

/** Environment that loads the hook into a process and those it starts; their profiles go into the folder. */
export function profilingEnvironment(folder: string): Record<string, string> {
  const hook = fileURLToPath(new URL('./profile-hook.js', import.meta.url));
  return { NODE_OPTIONS: `--import file://${hook}`, ROLLCALL_PROFILE_DIR: folder };
}

/** Starts the profilers of processes that have the hook; the function returned stops them and reads what they saw. */
export function startProfiling(pids: readonly number[], folder: string): () => Promise<ProfiledProcess[]> {
  for (const pid of pids) process.kill(pid, 'SIGUSR2');
  return async () => {
    for (const pid of pids) process.kill(pid, 'SIGUSR2');
    return Promise.all(
      pids.map(async (pid) => {
        const path = join(folder, `${pid}.json`);
        await until(`the profile of process ${pid}`, () => existsSync(path) || undefined);
        const report = JSON.parse(readFileSync(path, 'utf8')) as ProfiledProcess;
        rmSync(path);
        return report;
      }),
    );
  };
}

/** A call tree's node with what V8 names the time in which no script runs. */
const IDLE = '(idle)';
const GARBAGE_COLLECTOR = '(garbage collector)';

/**
 * Shares of the time in which the main thread was not idle, by stage; they add up to 1. A sample belongs to the stage of the
 * innermost frame that names one.
 */
export function stageShares(profile: Profiler.Profile, role: 'api' | 'worker'): StageTimes {
  const stageOfNode = classify(profile, role);
  const sums = zeroes();
  let total = 0;
  const { samples = [], timeDeltas = [] } = profile;
  for (const [index, id] of samples.entries()) {
    const stage = stageOfNode.get(id);
    if (stage === undefined) continue;
    // A sample stands for the time until the next one.
    const microseconds = Math.max(0, timeDeltas[index + 1] ?? 0);
    sums[stage] += microseconds;
    total += microseconds;
  }
  if (total === 0) return sums;
  for (const stage of STAGES) sums[stage] /= total;
  return sums;
}

/** The stage of every node that is not idle. */
function classify({ nodes }: Profiler.Profile, role: 'api' | 'worker'): Map<number, Stage> {
  const stages = new Map<number, Stage>();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const stacks = new Map<number, readonly Frame[]>();
  // Parents come before their children, as V8 writes them.
  for (const node of nodes) {
    const { functionName, url } = node.callFrame;
    const stack: readonly Frame[] = [{ functionName, url }, ...(stacks.get(node.id) ?? [])];
    for (const child of node.children ?? []) if (byId.has(child)) stacks.set(child, stack);
    if (functionName === IDLE) continue;
    stages.set(node.id, functionName === GARBAGE_COLLECTOR ? 'garbage collection' : stageOfStack(stack, role));
  }
  return stages;
}

export function zeroes(): Record<Stage, number> {
  return Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Record<Stage, number>;
}
