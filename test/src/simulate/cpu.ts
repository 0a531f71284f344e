import { readdirSync, readFileSync } from 'node:fs';
import { processTree } from '../support/processes.js';

/** CPU milliseconds of a process since it began. */
export interface CpuMs {
  /** Of the first thread, on which Node runs JavaScript and onnxruntime. */
  readonly main: number;
  /** Of threads that still exist. */
  readonly other: number;
}

const NONE: CpuMs = { main: 0, other: 0 };

/** To the nanosecond, from the scheduler's own account; see proc-schedstat in the kernel's documentation. */
function cpuOf(pid: number): CpuMs {
  let [main, other] = [0, 0];
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [nanoseconds] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ');
    if (Number(thread) === pid) main += Number(nanoseconds) / 1e6;
    else other += Number(nanoseconds) / 1e6;
  }
  return { main, other };
}

/** A process of the system by its name and id. */
export interface Member {
  readonly name: string;
  readonly pid: number;
}

/** The processes below this one that a measurement looks at, by what they are. */
export function members(rootPid: number): Member[] {
  return processTree(rootPid).map(({ pid, name }) => ({
    pid,
    name: name.endsWith('/minio') || name === 'minio' ? 'minio' : name,
  }));
}

/** CPU by the processes' names. */
export function cpuByName(processes: readonly Member[]): Readonly<Record<string, CpuMs>> {
  const sums: Record<string, CpuMs> = {};
  for (const { name, pid } of processes) {
    const { main, other } = cpuOf(pid);
    const sum = sums[name] ?? NONE;
    sums[name] = { main: sum.main + main, other: sum.other + other };
  }
  return sums;
}

/** What was used between two looks. */
export function cpuBetween(
  before: Readonly<Record<string, CpuMs>>,
  after: Readonly<Record<string, CpuMs>>,
): (name: string) => CpuMs {
  return (name) => {
    const [from, to] = [before[name] ?? NONE, after[name] ?? NONE];
    return { main: to.main - from.main, other: to.other - from.other };
  };
}
