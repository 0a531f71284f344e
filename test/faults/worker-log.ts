import { isInferenceReady, type LogLine, type RollcallProcess } from '../src/support/rollcall.js';

/** Process ids of a worker's inference processes, in the order they started. */
export function inferencePids({ lines }: RollcallProcess): number[] {
  return lines.filter(isInferenceReady).map((line) => Number(line.child_pid));
}

/** How many jobs a worker has taken back from dead ones. */
export function takenBack({ lines }: RollcallProcess): number {
  return lines.filter(isTakenBack).length;
}

export function isTakenBack({ msg }: LogLine): boolean {
  return msg === 'a job was taken back from a worker that died';
}

/** How often a worker has decided a job. */
export function decisions({ lines }: RollcallProcess, jobId: string): number {
  return lines.filter(({ msg, job_id }) => msg === 'job' && job_id === jobId).length;
}
