import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What the kernel tells of a running process. */
export interface ProcessFigures {
  readonly pid: number;
  /** `start`, `api`, `worker` (its supervisor), `inference`, `redis`, or the name of its program. */
  readonly name: string;
  readonly residentBytes: number;
  /** Open files of all kinds, sockets among them. */
  readonly descriptors: number;
  readonly sockets: number;
  /** User and system, since it began. */
  readonly cpuSeconds: number;
}

const SCRIPTS: readonly (readonly [name: string, script: RegExp])[] = [
  ['start', /apps\/cli\/dist\/main\.js/],
  ['api', /apps\/api\/dist\/main\.js/],
  ['worker', /apps\/worker\/dist\/main\.js/],
  ['inference', /apps\/worker\/dist\/inference\/main\.js/],
  ['redis', /redis-server/],
];

/** Of `USER_HZ`, which Linux has fixed. */
const TICKS_PER_SECOND = 100;

/** Figures of a process and of all that it has started, in order of their ids. */
export function processTree(pid: number): ProcessFigures[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    const stat = /^\d+$/.test(entry) ? statOf(Number(entry)) : undefined;
    if (stat) parents.set(Number(entry), Number(stat[1]));
  }
  const isOurs = (id: number | undefined): boolean => id !== undefined && (id === pid || isOurs(parents.get(id)));
  return [...parents.keys()].filter(isOurs).flatMap((id) => figuresOf(id) ?? []);
}

/** Undefined when the process has ended. */
export function figuresOf(pid: number): ProcessFigures | undefined {
  try {
    const stat = statOf(pid) ?? [];
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    const files = readdirSync(`/proc/${pid}/fd`);
    return {
      pid,
      name: SCRIPTS.find(([, script]) => script.test(command))?.[0] ?? command.split('\0')[0] ?? '',
      residentBytes: Number(kilobytes) * 1024,
      descriptors: files.length,
      sockets: files.filter((file) => isSocket(`/proc/${pid}/fd/${file}`)).length,
      cpuSeconds: (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND,
    };
  } catch {
    return undefined;
  }
}

/** How many files a process that is started from here may open; Node raises the soft limit to it by itself. */
export function hardDescriptorLimit(): number {
  const [, hard = ''] = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
}

/** The fields behind the name, which may contain anything: the state, the parent, …; see proc_pid_stat(5). */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function isSocket(link: string): boolean {
  try {
    return readlinkSync(link).startsWith('socket:');
  } catch {
    return false;
  }
}
