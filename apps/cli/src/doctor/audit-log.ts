import { readdir, stat } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';
import { auditKeyFile, type Config, ConfigError, readAuditKey, verifyAudit } from '@rollcall/platform';
import { type Check, type Finding, failed, messageOf, ok, warning } from './check.js';
import { modeOf, obstacleTo, octal } from './places.js';

const NAME = 'audit-log';
/** What is read in a moment; a longer log is verified by its own command. */
const MAX_BYTES = 64_000_000;

/** Whether the log can be written, and its key is there and is its own. */
export function checkAuditLog({ audit: { file, key } }: Pick<Config, 'audit'>): Check {
  return {
    name: NAME,
    mend: 'The log may be long; verify it by itself: npx rollcall audit verify',
    timeoutMs: 20_000,
    async run() {
      const obstacle = await obstacleTo(file);
      if (obstacle !== undefined) {
        const mend = `Let this user write there, or name another AUDIT_LOG_FILE: ls -ld ${dirname(file)}`;
        return [failed(NAME, `${file} cannot be written (${obstacle})`, mend)];
      }
      const size = (await stat(file).catch(() => undefined))?.size ?? 0;
      if (size === 0) return [ok(NAME, `${file} is made with the first line`)];
      return [await keyFinding(file, key), ...(key ? [] : await keyFileFindings(auditKeyFile(file)))];
    },
  };
}

async function keyFinding(file: string, key: Buffer | undefined): Promise<Finding> {
  try {
    readAuditKey({ file, key });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const mend = `Put the key back from a copy, or give the one that the log was written with: export AUDIT_KEY=…`;
    return failed(NAME, messageOf(error), mend);
  }
  const bytes = await sizeOf(file);
  if (bytes > MAX_BYTES) return ok(NAME, `${file} and its key are there; too long to be verified here`);
  const { isKeyRight, problems, moreProblems, lines } = await verifyAudit({ file, key });
  if (!isKeyRight) {
    const mend = 'Give the key that the log was written with, or move the log away: export AUDIT_KEY=…';
    return failed(NAME, `not one line of ${file} fits the key`, mend);
  }
  const count = problems.length + moreProblems;
  if (count > 0) return failed(NAME, `${count} problems in ${file}`, 'See which: npx rollcall audit verify');
  return ok(NAME, `${lines} lines as they were written, the key fits`);
}

async function keyFileFindings(file: string): Promise<Finding[]> {
  const mode = await modeOf(file);
  if (mode === undefined || (mode & 0o077) === 0) return [];
  return [
    warning('audit-key', `others can read ${file} (mode ${octal(mode)})`, `Keep it to this user: chmod 600 ${file}`),
  ];
}

/** Of the log with what was rotated. */
async function sizeOf(file: string): Promise<number> {
  const { name, ext } = parse(file);
  const names = (await readdir(dirname(file))).filter((other) => other.startsWith(name) && other.endsWith(ext));
  const sizes = await Promise.all(names.map(async (other) => (await stat(join(dirname(file), other))).size));
  return sizes.reduce((total, size) => total + size, 0);
}
