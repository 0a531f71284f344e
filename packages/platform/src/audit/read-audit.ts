import { open, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type AuditAction, type AuditLine, asEmployee } from './audit-entry.js';
import { auditFiles } from './audit-files.js';
import { type AuditKeyOptions, readAuditKey } from './audit-key.js';
import { linesBackwards, piecesOf } from './lines.js';
import { createSeal } from './seal.js';
import { requireLog } from './verify.js';

export interface AuditFilter {
  /** Also finds lines whose id is redacted. */
  readonly employee?: string | undefined;
  readonly action?: AuditAction | undefined;
  readonly since?: Date | undefined;
}

/**
 * The lines of the log that fit, newest first. Changed lines are left out: verification tells of them.
 * @throws {ConfigError} when there is no log, or not its key.
 */
export async function* readAudit(options: AuditKeyOptions, filter: AuditFilter = {}): AsyncGenerator<AuditLine> {
  const { file } = options;
  await requireLog(file);
  const seal = createSeal(readAuditKey(options));
  const employee = asEmployee(filter.employee);
  const employeeRef = employee && seal.refOf(employee);
  const since = filter.since?.toISOString() ?? '';
  const fits = ({ action, time, employee_ref }: AuditLine) =>
    (filter.action ?? action) === action && (employeeRef ?? employee_ref) === employee_ref && time >= since;
  for (const path of auditFiles(file, await readdir(dirname(file))).reverse()) {
    const handle = await open(path, 'r');
    try {
      for await (const bytes of linesBackwards(handle)) {
        for (const piece of piecesOf(bytes).reverse()) {
          const found = seal.inspect(piece);
          if (found.kind === 'sound' && fits(found.line)) yield found.line;
        }
      }
    } finally {
      await handle.close();
    }
  }
}
