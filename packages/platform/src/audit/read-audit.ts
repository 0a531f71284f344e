import { type FileHandle, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type AuditAction, type AuditLine, asEmployee } from './audit-entry.js';
import { auditFiles, isRotatedBefore } from './audit-files.js';
import { type AuditKeyOptions, readAuditKey } from './audit-key.js';
import { openIfThere } from './every-file.js';
import { linesBackwards, piecesOf } from './lines.js';
import { createSeal } from './seal.js';
import { requireLog } from './verify.js';

export interface AuditFilter {
  /** Also finds lines whose id is redacted. */
  readonly employee?: string | undefined;
  /** One, or any of several. */
  readonly action?: AuditAction | readonly AuditAction[] | undefined;
  readonly since?: Date | undefined;
  /** Ends the reading, which does not throw then. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The lines of the log that fit, newest first; the log may be written and renamed meanwhile. Changed lines are left out:
 * verification tells of them.
 * @throws {ConfigError} when there is no log, or not its key.
 */
export async function* readAudit(options: AuditKeyOptions, filter: AuditFilter = {}): AsyncGenerator<AuditLine> {
  const { file } = options;
  await requireLog(file);
  const seal = createSeal(readAuditKey(options));
  const employee = asEmployee(filter.employee);
  const employeeRef = employee && seal.refOf(employee);
  const actions = filter.action === undefined ? undefined : [filter.action].flat();
  const since = filter.since?.toISOString() ?? '';
  const fits = ({ action, time, employee_ref }: AuditLine) =>
    (actions?.includes(action) ?? true) && (employeeRef ?? employee_ref) === employee_ref && time >= since;
  // What a line that fits must have, for most lines fit no narrow filter, and to parse and check one costs far more.
  const marks = [
    actions?.map((action) => `"action":"${action}"`),
    employeeRef && [`"employee_ref":"${employeeRef}"`],
  ].filter((group) => group !== undefined && group !== '');
  const couldFit = (bytes: Buffer) => marks.every((group) => group.some((mark) => bytes.includes(mark)));

  for await (const handle of newestFirst(file, filter.since)) {
    for await (const bytes of linesBackwards(handle)) {
      if (filter.signal?.aborted) return;
      if (!couldFit(bytes)) continue;
      for (const piece of piecesOf(bytes).reverse()) {
        const found = seal.inspect(piece);
        if (found.kind === 'sound' && fits(found.line)) yield found.line;
      }
    }
  }
}

/** The files of the log that may have lines of `since` or later. Each is closed with the next step. */
async function* newestFirst(file: string, since = new Date(0)): AsyncGenerator<FileHandle> {
  // The one that is written is opened before its folder is looked at: renamed meanwhile, it is known by its number.
  let live: number | undefined;
  const first = await openIfThere(file, 'r');
  const names = await readdir(dirname(file));
  try {
    if (first) {
      live = (await first.stat()).ino;
      yield first;
    }
  } finally {
    await first?.close();
  }
  for (const path of auditFiles(file, names).reverse()) {
    if (path === file) continue;
    if (isRotatedBefore(file, path, since)) return;
    const handle = await openIfThere(path, 'r');
    try {
      if (handle && (await handle.stat()).ino !== live) yield handle;
    } finally {
      await handle?.close();
    }
  }
}
