import { readFile, statfs } from 'node:fs/promises';
import os from 'node:os';
import type { Config } from '@rollcall/platform';
import { cpuQuota } from './cgroup.js';
import { type Check, type Finding, failed, ok, warning } from './check.js';
import { nearestExisting } from './places.js';

const MB = 1_000_000;
/** Resident, as docs/operations.md measured it. */
const [INFERENCE_MB, REST_MB] = [250, 400];
const [DISK_TIGHT, DISK_FULL] = [2_000 * MB, 200 * MB];
const [FILES_FEW, FILES_TOO_FEW] = [4_096, 512];
const OLDEST_NODE = [20, 19] as const;

type Settings = Pick<Config, 'dataDir' | 'workerProcesses' | 'precision' | 'uploadMemoryBytes'>;

/** Whether this machine carries what it is told to. */
export function machineChecks(config: Settings): Check[] {
  const looks = { node, cpu, memory, 'open-files': openFiles, disk };
  return Object.entries(looks).map(([name, look]) => ({
    name,
    mend: 'Check that the system answers: dmesg | tail',
    run: async () => [await look(config)],
  }));
}

/** @param version such as v20.19.0 */
export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  if (!isOld) return ok('node', version);
  return failed('node', `${version} is older than 20.19`, 'Install a newer Node.js, such as: nvm install 24');
}

const node = async () => nodeFinding(process.version);

async function cpu({ workerProcesses, precision }: Settings): Promise<Finding> {
  const cores = os.availableParallelism();
  const quota = await cpuQuota();
  const info = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const flags = new Set((/^(?:flags|Features)\s*:(.*)$/m.exec(info)?.[1] ?? '').trim().split(/\s+/));
  const features = ['avx2', 'avx512f', 'avx512_vnni', 'avx_vnni', 'asimd'].filter((name) => flags.has(name));
  return cpuFinding({ cores, quota, features, workerProcesses, precision, isX64: process.arch === 'x64' });
}

export interface CpuFacts extends Pick<Settings, 'workerProcesses' | 'precision'> {
  readonly cores: number;
  readonly quota: number | undefined;
  readonly features: readonly string[];
  readonly isX64: boolean;
}

export function cpuFinding({ cores, quota, features, workerProcesses, precision, isX64 }: CpuFacts): Finding {
  const limit = Math.max(1, Math.floor(Math.min(cores, quota ?? cores)));
  const seen = `${cores} cores${quota === undefined ? '' : `, a quota of ${quota}`}, ${workerProcesses} inference processes, ${features.join(' ') || 'no vector units known'}`;
  if (workerProcesses > limit) {
    return warning('cpu', seen, `More processes than cores only cost memory: export WORKER_PROCESSES=${limit}`);
  }
  if (isX64 && features.length > 0 && !features.includes('avx2')) {
    return warning('cpu', `${seen}: no AVX2`, 'Use a processor with AVX2, or pass it through to this guest: lscpu');
  }
  if (precision === 'int8' && isX64 && !features.some((name) => name.endsWith('vnni'))) {
    return warning('cpu', `${seen}: no VNNI, so int8 is no faster`, 'Leave int8: export PRECISION=fp32');
  }
  return ok('cpu', seen);
}

async function memory({ workerProcesses, uploadMemoryBytes }: Settings): Promise<Finding> {
  // Without a limit it is 0, or more than there is.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  const total = Math.min(os.totalmem(), limit);
  const rest = REST_MB * MB + uploadMemoryBytes;
  const need = workerProcesses * INFERENCE_MB * MB + rest;
  const seen = `${gigabytes(total)}, of which ${workerProcesses} inference processes, API and Redis need about ${gigabytes(need)}`;
  if (total >= need) return ok('memory', seen);
  const fitting = Math.max(1, Math.floor((total - rest) / (INFERENCE_MB * MB)));
  return warning('memory', seen, `Add memory, or start fewer processes: export WORKER_PROCESSES=${fitting}`);
}

async function openFiles(): Promise<Finding> {
  const name = 'open-files';
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  // Node raises the soft limit to the hard one.
  const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(limits) ?? [];
  if (hard === undefined) return ok(name, 'the limit cannot be told on this system');
  const seen = `${hard} at most (ulimit -Hn); each client that waits takes one`;
  const mend = 'Raise it, in a systemd unit by LimitNOFILE=65536, in a shell by: ulimit -n 65536';
  if (Number(hard) < FILES_TOO_FEW) return failed(name, seen, mend);
  return Number(hard) < FILES_FEW ? warning(name, seen, mend) : ok(name, seen);
}

async function disk({ dataDir }: Settings): Promise<Finding> {
  const place = await nearestExisting(dataDir);
  const { bavail, bsize, files, ffree } = await statfs(place);
  const free = bavail * bsize;
  const seen = `${gigabytes(free)} free below ${place}`;
  const mend = `Free some space, or choose another DATA_DIR: df -h ${place}`;
  if (free < DISK_FULL) return failed('disk', seen, mend);
  if (files > 0 && ffree < 1_000) return failed('disk', `${seen}, but only ${ffree} more files`, `See: df -i ${place}`);
  return free < DISK_TIGHT ? warning('disk', seen, mend) : ok('disk', seen);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
