import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from './config.js';
import { createErrorLog } from './error-log.js';

export type Logger = pino.Logger;

/** An employee's folder in an object key or a path, as errors of the store name it. Its end is a slash or the string's. */
const EMPLOYEE_FOLDER = /\bemployees\/[^/"\\\s][^/"\\]{0,63}(?=[/"\\])/g;

/**
 * JSON lines on standard output, readable ones on a terminal, and every error also in the error log file. One wide line
 * per request and per job: outcomes and durations, and ids that lead to the audit log, which alone tells of people; never a
 * photo, an embedding or a token.
 *
 * @param name `api`, `worker` …: which process speaks.
 */
export function createLogger(
  name: string,
  { logLevel: level, errorLogFile, logRetentionDays }: Pick<Config, 'logLevel' | 'errorLogFile' | 'logRetentionDays'>,
): Logger {
  const output = process.stdout.isTTY
    ? pretty({ colorize: true, sync: true, singleLine: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' })
    : pino.destination({ fd: 1, sync: true });
  const errors = createErrorLog({ file: errorLogFile, retentionDays: logRetentionDays });
  return pino(
    {
      name,
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // ioredis puts a command's operands, also passwords and job data, on its errors.
      redact: { paths: ['err.command', 'err.previousErrors'], remove: true },
      // On the whole line: messages, causes and stacks repeat each other.
      hooks: { streamWrite: (line) => line.replace(EMPLOYEE_FOLDER, 'employees/:id') },
    },
    pino.multistream([
      { level, stream: output },
      { level: 'error', stream: errors },
    ]),
  );
}
