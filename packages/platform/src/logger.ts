import { pino } from 'pino';
import pretty from 'pino-pretty';

export type Logger = pino.Logger;

export interface LoggerOptions {
  /** `api`, `worker` …: which process speaks. */
  readonly name: string;
  readonly level: pino.Level;
  /** Receives a copy of every error, as JSON lines. */
  readonly errorLogFile: string;
}

/**
 * JSON lines on standard output, readable ones on a terminal, and every error also in the error log file. One wide line
 * per request and per job; ids, outcomes and durations only, never a photo, an embedding or a token.
 */
export function createLogger({ name, level, errorLogFile }: LoggerOptions): Logger {
  const output = process.stdout.isTTY
    ? pretty({ colorize: true, sync: true, singleLine: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' })
    : pino.destination({ fd: 1, sync: true });
  const errors = pino.destination({ dest: errorLogFile, append: true, mkdir: true, sync: true });
  return pino(
    { name, level, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    pino.multistream([
      { level, stream: output },
      { level: 'error', stream: errors },
    ]),
  );
}
