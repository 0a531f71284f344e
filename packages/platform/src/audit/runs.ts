import type { AuditLine } from './audit-entry.js';
import type { AuditProblem, Place, Run } from './scan.js';

/** Joins the lines of each chain as they come. */
export function createRuns(found: Run[], report: (problem: AuditProblem) => void) {
  const growing = new Map<string, { run: Run; before: Run | undefined }>();

  function begin(chain: string, seq: number, prev: string | undefined, at: Place): Run {
    const run: Run = {
      isTrimmed: false,
      chain,
      first: seq,
      prev,
      at,
      last: seq,
      lastAt: at,
      hash: undefined,
      isClosed: false,
    };
    growing.set(chain, { run, before: growing.get(chain)?.run });
    found.push(run);
    return run;
  }

  function grow(run: Run, line: AuditLine, at: Place): void {
    run.last = line.seq;
    run.lastAt = at;
    run.hash = line.hash;
    run.isClosed ||= line.action === 'closed';
  }

  return {
    add(line: AuditLine, at: Place): void {
      const { run, before } = growing.get(line.chain) ?? {};
      if (run && isNext(run, line)) grow(run, line, at);
      else if (run && before && run.first === run.last && isNext(before, line)) {
        // One line stands between two that belong together.
        report({ ...run.at, kind: 'inserted', message: OUT_OF_PLACE });
        found.splice(found.lastIndexOf(run), 1);
        growing.set(line.chain, { run: before, before: undefined });
        grow(before, line, at);
      } else if (run && line.seq <= run.last) {
        report({ ...at, kind: 'inserted', message: OUT_OF_PLACE });
      } else grow(begin(line.chain, line.seq, line.prev, at), line, at);
    },
    /** A changed line still counts as the one that it says it is, lest it be missed as well. */
    addChanged(chain: unknown, seq: unknown, at: Place): void {
      if (typeof chain !== 'string' || !Number.isSafeInteger(seq)) return;
      const run = growing.get(chain)?.run;
      if (run && seq === run.last + 1) {
        run.last++;
        run.lastAt = at;
        run.hash = undefined;
      } else if (!run && seq === 0) begin(chain, 0, undefined, at);
    },
  };
}

const OUT_OF_PLACE = 'the line is a copy, or not in its place';

function isNext(run: Run, line: AuditLine): boolean {
  return line.seq === run.last + 1 && (run.hash === undefined || line.prev === run.hash);
}
