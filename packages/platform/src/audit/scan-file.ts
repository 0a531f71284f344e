import type { AuditLine } from './audit-entry.js';
import type { OpenFile } from './every-file.js';
import { linesOf, piecesOf } from './lines.js';
import { createRuns } from './runs.js';
import { type AuditProblem, latest, type Mark, type Place, type Scan } from './scan.js';
import { type Inspection, isErasure, type Seal } from './seal.js';

/** Listed of one file; further ones are only counted. */
const MAX_PROBLEMS = 1000;

const LINE_START = /^\{"chain":"([0-9a-f]{16})","seq":(\d+),/;
const A_LINE_START = '{"chain":"0000000000000000","seq":0,';

/** Reads one file of the log line by line. @param linesBefore in older files. */
export async function scanFile({ path, handle }: OpenFile, seal: Seal, linesBefore = 0): Promise<Scan> {
  const scan: Scan = {
    file: path,
    lines: 0,
    soundLines: 0,
    redactedLines: 0,
    from: undefined,
    to: undefined,
    last: undefined,
    runs: [],
    claims: [],
    trimmed: [],
    redactions: new Map(),
    erasures: new Map(),
    torn: [],
    problems: [],
    moreProblems: 0,
  };
  const runs = createRuns(scan.runs, (problem) => report(scan, problem));
  for await (const { bytes, number } of linesOf(handle)) {
    if (bytes.length === 0) continue;
    const at = { file: path, line: number };
    for (const found of inspectPieces(bytes, seal)) {
      scan.lines++;
      if (found.kind === 'broken') scanBroken(scan, found.text, at);
      else if (found.kind === 'changed') {
        report(scan, { ...at, kind: 'changed', message: 'the line is not as it was written' });
        runs.addChanged(found.chain, found.seq, at);
      } else {
        runs.add(found.line, at);
        scanSound(scan, found.line, found.isRedacted, { at, time: found.line.time, ordinal: linesBefore + scan.lines });
      }
    }
  }
  return scan;
}

type Piece = Exclude<Inspection, { kind: 'broken' }> | { readonly kind: 'broken'; readonly text: string };

function inspectPieces(bytes: Buffer, seal: Seal): Piece[] {
  const whole = seal.inspect(bytes);
  if (whole.kind !== 'broken') return [whole];
  return piecesOf(bytes).map((piece) => {
    const found = seal.inspect(piece);
    return found.kind === 'broken' ? { kind: 'broken', text: piece.toString('latin1') } : found;
  });
}

function report(scan: Scan, problem: AuditProblem): void {
  if (scan.problems.length < MAX_PROBLEMS) scan.problems.push(problem);
  else scan.moreProblems++;
}

function scanBroken(scan: Scan, text: string, at: Place): void {
  const [, chain, seq] = LINE_START.exec(text) ?? [];
  if (chain !== undefined || couldBegin(text)) scan.torn.push({ chain, seq: Number(seq), at });
  else report(scan, { ...at, kind: 'changed', message: 'this is no line of the log' });
}

/** Whether a line can begin with so little. */
function couldBegin(text: string): boolean {
  return [A_LINE_START.slice(text.length), ','].some((rest) => LINE_START.test(text + rest));
}

function scanSound(scan: Scan, line: AuditLine, isRedacted: boolean, mark: Mark): void {
  const { at, time } = mark;
  scan.soundLines++;
  scan.last = line;
  if (scan.from === undefined || time < scan.from) scan.from = time;
  if (scan.to === undefined || time > scan.to) scan.to = time;
  const ref = line.employee_ref ?? '';
  if (isRedacted) {
    scan.redactedLines++;
    scan.redactions.set(ref, mark);
  }
  if (isErasure(line)) scan.erasures.set(ref, latest(scan.erasures.get(ref), mark));
  if (line.action === 'opened') {
    for (const name of namesIn(line.detail?.after, line.detail?.heads)) {
      const [chain = '', seq] = name.split(':');
      scan.claims.push({ chain, seq: Number(seq), by: at });
    }
  }
  if (line.action === 'trimmed') {
    for (const name of namesIn(line.detail?.lines)) {
      const [chain = '', first, last] = name.split(/[:-]/);
      scan.trimmed.push({ isTrimmed: true, chain, first: Number(first), last: Number(last), at });
    }
  }
}

function namesIn(...values: unknown[]): string[] {
  return values.flat().filter((value) => typeof value === 'string');
}
