import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EMPLOYEE_ID_RULE, employeeIdSchema } from '@rollcall/contracts';
import {
  AUDIT_ACTIONS,
  type AuditLine,
  type AuditReport,
  ConfigError,
  createAuditLog,
  loadConfig,
  readAudit,
  verifyAudit,
} from '@rollcall/platform';
import { printJson, runTask } from './command.js';
import { AUDIT, AUDIT_OPTIONS } from './commands/audit.js';

/**
 * Looks after the audit log: `verify`, `show` and `redact`.
 * @returns the process's exit status: 1 when the log is not as it was written.
 */
export async function audit(operands: string[]): Promise<number> {
  return await runTask(AUDIT, { verify, show, redact }, operands);
}

async function verify(operands: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: operands,
    allowPositionals: true,
    options: AUDIT_OPTIONS.verify,
  });
  if (positionals.length > 1) throw new ConfigError('Name one audit log, or none for the configured one.');
  const { file, key } = loadConfig().audit;
  const report = await verifyAudit({ file: positionals[0] ? resolve(positionals[0]) : file, key });
  if (values.json) printJson(report);
  else print(describe(report));
  return report.problems.length > 0 ? 1 : 0;
}

function describe({ files, problems, moreProblems, lines, chains, torn, isKeyRight }: AuditReport): string {
  return [
    ...files.flatMap(({ file, lines, from, to, chains, redacted, head }) => [
      `${file}: ${lines} lines of ${chains} chains, ${redacted} redacted, ${from ?? '-'} to ${to ?? '-'}`,
      ...(head ? [`  last line: chain ${head.chain}, line ${head.seq}, hash ${head.hash}`] : []),
    ]),
    ...problems.map(
      ({ file, line, kind, message }) => `${file}${line === null ? '' : `:${line}`}: ${kind}: ${message}`,
    ),
    ...(moreProblems > 0 ? [`… and ${moreProblems} more`] : []),
    ...(isKeyRight ? [] : ['Not one line fits the key: was the log written with another AUDIT_KEY?']),
    `${lines} lines, ${chains} chains, ${torn} torn by a crash: ${problems.length + moreProblems || 'no'} problems`,
  ].join('\n');
}

async function show(operands: string[]): Promise<number> {
  const { values } = parseArgs({
    args: operands,
    options: AUDIT_OPTIONS.show,
  });
  const limit = Number(values.limit);
  if (!Number.isSafeInteger(limit) || limit < 1) throw new ConfigError('--limit must be a positive integer');
  const since = values.since === undefined ? undefined : new Date(values.since);
  if (since && Number.isNaN(since.getTime())) throw new ConfigError('--since must be a time such as 2026-01-31T08:00Z');
  const action = AUDIT_ACTIONS.find((known) => known === values.action);
  if (values.action !== undefined && !action) {
    throw new ConfigError(`--action must be one of ${AUDIT_ACTIONS.join(', ')}`);
  }
  const employee = values.employee === undefined ? undefined : employeeIdOf(values.employee);
  const found: AuditLine[] = [];
  for await (const line of readAudit(loadConfig().audit, { employee, action, since })) {
    found.push(line);
    if (found.length === limit) break;
  }
  // Newest last, as in any log.
  for (const line of found.reverse()) print(values.json ? JSON.stringify(line) : readable(line));
  return 0;
}

function readable(line: AuditLine): string {
  const { time, action, outcome, employee, employee_ref, detail, distance, ...rest } = line;
  const fields = {
    employee: employee || (employee_ref && `(redacted ${employee_ref})`),
    distance: distance?.toFixed(3),
    token: rest.token,
    gate: rest.gate,
    address: rest.address,
    job: rest.job_id,
    request: rest.request_id,
    detail: detail && JSON.stringify(detail),
  };
  const parts = Object.entries(fields).filter(([, value]) => value !== undefined);
  return [time, action.padEnd(12), outcome, ...parts.map(([name, value]) => `${name}=${value}`)].join('  ');
}

async function redact(operands: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: operands,
    allowPositionals: true,
    options: AUDIT_OPTIONS.redact,
  });
  const [id] = positionals;
  if (id === undefined || positionals.length > 1) throw new ConfigError('Whom to redact? audit redact ID');
  const employeeId = employeeIdOf(id);
  const errors: unknown[] = [];
  const log = createAuditLog({ ...loadConfig().audit, onError: (error) => errors.push(error) });
  const count = await log.redact(employeeId);
  await log.close();
  if (errors.length > 0) throw errors[0];
  if (values.json) printJson({ lines: count });
  else print(`${count} lines redacted`);
  return 0;
}

function employeeIdOf(text: string): string {
  const { data } = employeeIdSchema.safeParse(text);
  if (data === undefined) throw new ConfigError(EMPLOYEE_ID_RULE);
  return data;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
