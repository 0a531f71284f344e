// Loaded into each process of the system before anything else (NODE_OPTIONS=--import …): V8's sampling profiler between two
// SIGUSR2, and what each kind of thread has used of the processors meanwhile. The product does not know of it.
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import Module from 'node:module';
import { join } from 'node:path';
import type { ProfiledProcess } from './profile.js';

const SAMPLE_EVERY_MICROSECONDS = 1_000;

// biome-ignore lint/style/noProcessEnv: the way to hand a preloaded module something
const folder = process.env.ROLLCALL_PROFILE_DIR ?? '.';

/** Those that exist before any script runs: V8's helpers for compilation and garbage collection. The later ones are libuv's. */
const threadsOfV8 = new Set(readdirSync('/proc/self/task'));

type NativeRun = (...operands: unknown[]) => unknown;

// Functions of their own, for their names are how the profile tells the networks apart.
function runDetector(run: NativeRun, operands: unknown[]): unknown {
  return run(...operands);
}

function runRecogniser(run: NativeRun, operands: unknown[]): unknown {
  return run(...operands);
}

interface OnnxruntimeBinding {
  InferenceSession: new () => { run: NativeRun };
}

type LoadAddon = (module: { exports: unknown }, path: string) => void;
const loaders = (Module as unknown as { _extensions: Record<string, LoadAddon> })._extensions;
const loadAddon = loaders['.node'] as LoadAddon;
loaders['.node'] = (module, path) => {
  loadAddon(module, path);
  if (!path.endsWith('onnxruntime_binding.node')) return;
  const binding = module.exports as OnnxruntimeBinding;
  const Native = binding.InferenceSession;
  binding.InferenceSession = class extends Native {
    override run = (...operands: unknown[]) => {
      const run: NativeRun = (...rest) => Native.prototype.run.apply(this, rest);
      return 'data' in (operands[0] as object) ? runRecogniser(run, operands) : runDetector(run, operands);
    };
  };
};

type Times = ProfiledProcess['cpuMs'];
type Kind = keyof Times | 'profiler';

function kindOf(thread: string): Kind {
  if (thread === `${process.pid}`) return 'main';
  if (threadsOfV8.has(thread)) return 'v8';
  const name = readFileSync(`/proc/self/task/${thread}/comm`, 'latin1');
  // V8 starts a thread for the samples.
  return name.startsWith('v8:') ? 'profiler' : name.startsWith('libvips') ? 'vips' : 'pool';
}

/** Milliseconds of processor time that each kind of thread has used so far. */
function threadTimes(): Record<Kind, number> {
  const times = { main: 0, v8: 0, vips: 0, pool: 0, profiler: 0 };
  for (const thread of readdirSync('/proc/self/task')) {
    const [nanoseconds] = readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1').split(' ');
    times[kindOf(thread)] += Number(nanoseconds) / 1e6;
  }
  return times;
}

let stop: (() => void) | undefined;

function start(): () => void {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: SAMPLE_EVERY_MICROSECONDS });
  session.post('Profiler.start');
  const before = threadTimes();
  return () => {
    const after = threadTimes();
    session.post('Profiler.stop', (error, { profile }) => {
      if (error) throw error;
      session.disconnect();
      const used = (kind: Kind) => after[kind] - before[kind];
      const cpuMs = { main: used('main'), v8: used('v8'), vips: used('vips'), pool: used('pool') };
      const script = process.argv[1] ?? '';
      const report: ProfiledProcess = { pid: process.pid, script, cpuMs, profile };
      const path = join(folder, `${process.pid}.json`);
      writeFileSync(`${path}.part`, JSON.stringify(report));
      renameSync(`${path}.part`, path);
    });
  };
}

process.on('SIGUSR2', () => {
  if (stop) {
    stop();
    stop = undefined;
  } else {
    stop = start();
  }
});
