import type { AuditLine } from './audit-entry.js';

export interface AuditProblem {
  readonly file: string;
  /** From 1; null when it is about no line. */
  readonly line: number | null;
  readonly kind: 'changed' | 'removed' | 'inserted' | 'end_missing' | 'chain_missing';
  /** For a person. */
  readonly message: string;
}

export interface Place {
  readonly file: string;
  readonly line: number;
}

/** Lines of one chain that follow each other in one file. Unknown hashes are those of changed lines. */
export interface Run {
  readonly isTrimmed: false;
  readonly chain: string;
  readonly first: number;
  readonly prev: string | undefined;
  readonly at: Place;
  last: number;
  lastAt: Place;
  hash: string | undefined;
  isClosed: boolean;
}

/** Somebody vouches for it that the chain has come to `seq`. */
export interface Claim {
  readonly chain: string;
  readonly seq: number;
  readonly by: Pick<AuditProblem, 'file' | 'line'>;
}

/** Lines that the log itself has removed. */
export interface TrimmedRun {
  readonly isTrimmed: true;
  readonly chain: string;
  readonly first: number;
  readonly last: number;
  readonly at: Place;
}

/** When something was said last. */
export interface Mark {
  readonly at: Place;
  readonly time: string;
  /** Of the line in the whole log. */
  readonly ordinal: number;
}

/** The beginning of a line that was not written to its end. */
export interface TornLine {
  /** Undefined when not even that much was written. */
  readonly chain: string | undefined;
  /** NaN without a chain. */
  readonly seq: number;
  readonly at: Place;
}

/** What verification has to remember of a file: little, however long it is. */
export interface Scan {
  readonly file: string;
  lines: number;
  soundLines: number;
  redactedLines: number;
  /** ISO times of the oldest and the newest line. */
  from: string | undefined;
  to: string | undefined;
  last: AuditLine | undefined;
  readonly runs: Run[];
  readonly claims: Claim[];
  readonly trimmed: TrimmedRun[];
  /** By `employee_ref`: the last line whose id is overwritten, and the last that tells of an erasure. */
  readonly redactions: Map<string, Mark>;
  readonly erasures: Map<string, Mark>;
  readonly torn: TornLine[];
  readonly problems: AuditProblem[];
  /** How many more there are. */
  moreProblems: number;
}

/** The later of both in the log, with the later time: clocks are set back. */
export function latest(one: Mark | undefined, next: Mark): Mark {
  return one && one.time > next.time ? { ...next, time: one.time } : next;
}
