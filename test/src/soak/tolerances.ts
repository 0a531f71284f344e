import type { ProcessFigures } from '../support/processes.js';
import { REPEATING } from './deeds.js';
import type { VitalSigns } from './signs.js';
import type { SoakReport } from './soak.js';

/** One figure at the start and at the end, and how much it may have grown. */
export interface Finding {
  readonly what: string;
  readonly unit: 'bytes' | 'count';
  readonly start: number;
  readonly end: number;
  readonly tolerance: number;
  readonly why: string;
  readonly ok: boolean;
  /** Differs from run to run, however well things are; a short run cannot tell. */
  readonly noisy: boolean;
}

/** V8 and malloc take memory in steps and give it back late: a young generation is up to 48 MB. */
const RESIDENT_BYTES = 48e6;
/** Two processes of ONNX Runtime, whose arenas grow with the largest batch of allocations they have seen. */
const INFERENCE_BYTES = 64e6;
/** What Redis itself needs for clients' buffers and its tables, which it resizes late. */
const REDIS_BYTES = 2e6;
/** An idempotency key or a mark of an erasure with what it stands for, as Redis counts it. */
const SMALL_KEY_BYTES = 400;
/** Each sweep of two processes leaves five, which the next but one removes. */
export const SWEEP_EVENTS = 30;
/** Connections that are just being opened or closed, of libraries that keep pools. */
const DESCRIPTORS = 5;
/** Keys that come and go: locks, counters. */
const OTHER_KEYS = 10;
/** Lines of up to some 600 bytes: accepted, decided; enrolled, erased. */
const AUDIT_BYTES_PER_DEED = 2_400;
/** A line in the log of errors. */
const ERROR_BYTES = 700;

/** Compares the system after its warm-up with the system at the end, both settled. */
export function judge({ start, end, deeds }: SoakReport): Finding[] {
  const names = [...new Set(start.processes.map(({ name }) => name))];
  const total = (
    processes: readonly ProcessFigures[],
    name: string,
    field: 'residentBytes' | 'descriptors' | 'sockets',
  ) => processes.filter((process) => process.name === name).reduce((sum, process) => sum + process[field], 0);
  const done = deeds.reduce((sum, { ok }) => sum + ok, 0);
  const busy = deeds.reduce((sum, deed) => sum + deed.busy, 0);
  const small = ({ idempotencyKeys, erasureMarks }: VitalSigns) => idempotencyKeys + erasureMarks;
  const moreKeys = Math.max(0, small(end) - small(start));

  function finding(
    what: string,
    unit: Finding['unit'],
    [from, to]: readonly [number, number],
    tolerance: number,
    why: string,
    noisy = false,
  ): Finding {
    return { what, unit, start: from, end: to, tolerance, why, ok: to - from <= tolerance, noisy };
  }

  const ofProcesses = names.flatMap((name) => {
    const pair = (field: 'residentBytes' | 'descriptors' | 'sockets') =>
      [total(start.processes, name, field), total(end.processes, name, field)] as const;
    const bytes = name === 'inference' ? INFERENCE_BYTES : RESIDENT_BYTES;
    return [
      finding(`memory of ${name}`, 'bytes', pair('residentBytes'), bytes, 'memory is taken in steps', true),
      finding(`sockets of ${name}`, 'count', pair('sockets'), DESCRIPTORS, 'pools of connections'),
      finding(`descriptors of ${name}`, 'count', pair('descriptors'), DESCRIPTORS, 'pools of connections'),
    ];
  });
  return [
    ...ofProcesses,
    finding('processes', 'count', [start.processes.length, end.processes.length], 0, 'none dies, none is added'),
    finding('uploads', 'count', [0, end.uploads], 0, 'a job that has ended needs no photo'),
    finding('objects of employees', 'count', [start.employeeObjects, end.employeeObjects], 0, 'all are erased again'),
    finding('jobs in Redis', 'count', [0, end.jobKeys], 0, 'results are older than RESULT_TTL_SECONDS'),
    finding('events in Redis', 'count', [0, end.events], SWEEP_EVENTS, 'those of the sweeps themselves'),
    finding(
      'idempotency keys in Redis',
      'count',
      [start.idempotencyKeys, end.idempotencyKeys],
      deeds.reduce((sum, deed) => sum + (deed.name === REPEATING ? deed.ok + deed.busy : 0), 0),
      'one for each that was used; kept for a day',
    ),
    finding('other keys in Redis', 'count', [start.otherKeys, end.otherKeys], OTHER_KEYS, 'locks, counters'),
    finding(
      'memory of Redis, used',
      'bytes',
      [start.redisBytes, end.redisBytes],
      REDIS_BYTES + moreKeys * SMALL_KEY_BYTES,
      `buffers; ${moreKeys} keys that outlive the run by design`,
      true,
    ),
    finding(
      'audit log',
      'bytes',
      [start.auditBytes, end.auditBytes],
      done * AUDIT_BYTES_PER_DEED,
      `grows by design, ${done} deeds`,
    ),
    finding('error log', 'bytes', [start.errorLogBytes, end.errorLogBytes], busy * ERROR_BYTES, `${busy} refusals`),
  ];
}
