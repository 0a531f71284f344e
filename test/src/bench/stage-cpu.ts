import { type ProfiledProcess, type StageTimes, stageShares, zeroes } from './profile.js';
import { STAGES, type Stage } from './stage-rules.js';

/** What is profiled, each kind of process with its own meaning of the same frames. */
export type Role = 'api' | 'worker' | 'bare';

/** Stages of which the threads of libuv's pool do the work: the API's write uploads and the audit log. */
const FILE_STAGE: Readonly<Record<Role, Stage>> = { api: 'store', worker: 'fetch', bare: 'decode' };

export interface ProfiledRole {
  readonly role: Role;
  readonly processes: readonly ProfiledProcess[];
  readonly verifications: number;
  /** Milliseconds of libuv's pool that a decode takes, known from where the pool does nothing else. */
  readonly decodePoolMs?: number;
}

/** Milliseconds of processor time for one verification by stage; they add up to what the kernel counted. */
export function stageCpu({ role, processes, verifications, decodePoolMs = 0 }: ProfiledRole): StageTimes {
  const sums = zeroes();
  for (const { cpuMs, profile } of processes) {
    const shares = stageShares(profile, role === 'api' ? 'api' : 'worker');
    for (const stage of STAGES) sums[stage] += (shares[stage] * cpuMs.main) / verifications;
    sums['garbage collection'] += cpuMs.v8 / verifications;
    sums.decode += cpuMs.vips / verifications;
  }
  const pool = poolMs(processes, verifications);
  const ofDecoding = Math.min(pool, decodePoolMs);
  sums.decode += ofDecoding;
  sums[FILE_STAGE[role]] += pool - ofDecoding;
  return sums;
}

/** Milliseconds of libuv's pool for one verification. */
export function poolMs(processes: readonly ProfiledProcess[], verifications: number): number {
  return processes.reduce((sum, { cpuMs }) => sum + cpuMs.pool, 0) / verifications;
}

/** The same stages for another total, as when the same work was measured without a profiler. */
export function scaledTo(stages: StageTimes, totalMs: number): StageTimes {
  const factor = totalMs / totalOf(stages);
  return mapStages((stage) => stages[stage] * factor);
}

export function totalOf(stages: StageTimes): number {
  return STAGES.reduce((sum, stage) => sum + stages[stage], 0);
}

export function addStages(...all: readonly StageTimes[]): StageTimes {
  return mapStages((stage) => all.reduce((sum, stages) => sum + stages[stage], 0));
}

export function mapStages(value: (stage: Stage) => number): StageTimes {
  return Object.fromEntries(STAGES.map((stage) => [stage, value(stage)])) as StageTimes;
}
