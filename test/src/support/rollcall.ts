import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { atExit } from './at-exit.js';
import { bound } from './bound.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The scripts that `npm start`, `npm run api` and `npm run worker` run. */
const SCRIPTS = {
  start: ['apps/cli/dist/main.js', 'start'],
  api: ['apps/api/dist/main.js'],
  worker: ['apps/worker/dist/main.js'],
} as const;

export type LogLine = Readonly<Record<string, unknown>>;

/** A running Rollcall process and what it has logged. */
export interface RollcallProcess {
  readonly pid: number;
  readonly lines: readonly LogLine[];
  /** Everything it has printed, standard error included. */
  output(): string;
  /** The first line, past or to come, that fits. Rejects when the process ends before. */
  line(fits: (line: LogLine) => boolean): Promise<LogLine>;
  /** Sends a signal and resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface System extends RollcallProcess {
  /** `http://127.0.0.1:…` */
  readonly url: string;
}

/** A folder of the test's own that goes when the test does. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'rollcall-test-'));
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  atExit(remove);
  return { path, remove };
}

/** Runs one of Rollcall's processes with exactly these settings and no others. */
export function spawnRollcall(what: keyof typeof SCRIPTS, settings: Readonly<Record<string, string>>): RollcallProcess {
  const [script, ...operands] = SCRIPTS[what];
  // biome-ignore lint/style/noProcessEnv: the child needs the PATH and nothing else of ours
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(...bound(process.execPath, [join(ROOT, script), ...operands]), {
    cwd: ROOT,
    env: { PATH, HOME, HOST: '127.0.0.1', PORT: '0', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return observe(child);
}

/** Starts a process that serves HTTP and resolves when it is ready. */
export async function startSystem(what: 'start' | 'api', settings: Readonly<Record<string, string>>): Promise<System> {
  const running = spawnRollcall(what, settings);
  const ready = what === 'start' ? 'Rollcall is ready' : 'listening';
  const { url } = await running.line(({ msg }) => msg === ready);
  return Object.defineProperty(running, 'url', { value: url }) as System;
}

/** Starts a worker and resolves when all its processes take jobs. */
export async function startWorker(settings: Readonly<Record<string, string>>): Promise<RollcallProcess> {
  const running = spawnRollcall('worker', settings);
  const wanted = Number(settings.WORKER_PROCESSES ?? 1);
  await running.line(() => running.lines.filter(isInferenceReady).length >= wanted);
  return running;
}

export function isInferenceReady({ msg, process: name }: LogLine): boolean {
  return msg === 'process ready' && name === 'inference';
}

/** What a process of Rollcall logs, and how to end it. It ends with this process at the latest. */
export function observe(child: ChildProcess): RollcallProcess {
  const lines: LogLine[] = [];
  const watchers = new Set<() => void>();
  let output = '';
  const exited = once(child, 'exit');
  const killNow = () => child.kill('SIGKILL');
  const callOff = atExit(killNow);
  child.stderr?.on('data', (chunk) => {
    output += chunk;
  });
  if (child.stdout) {
    createInterface(child.stdout).on('line', (text) => {
      output += `${text}\n`;
      if (!text.startsWith('{')) return;
      lines.push(JSON.parse(text) as LogLine);
      for (const watcher of [...watchers]) watcher();
    });
  }

  return {
    pid: child.pid ?? 0,
    lines,
    output: () => output,
    line(fits) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find(fits);
          if (!found) return;
          watchers.delete(look);
          resolve(found);
        };
        watchers.add(look);
        exited.then(() => reject(new Error(`the process ended:\n${output}`)));
        look();
      });
    },
    async stop(signal = 'SIGTERM') {
      callOff();
      child.kill(signal);
      const [code] = await exited;
      return code as number | null;
    },
  };
}
