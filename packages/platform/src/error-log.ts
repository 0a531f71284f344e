import { appendFileSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { timeOfFirstLine } from './first-line.js';

const DAY_MS = 86_400_000;
const CHECK_INTERVAL_MS = 3_600_000;

export interface ErrorLogOptions {
  readonly file: string;
  /** No line is kept longer than this, give or take the hour between two checks. */
  readonly retentionDays: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Where the logger writes copies of errors. */
export interface ErrorLog {
  write(line: string): void;
  /** Does what the retention demands now; otherwise done at the start and every hour. */
  expire(): void;
}

/**
 * A file of JSON lines for any number of processes at once: each line opens the file anew, so that one of them can rename it
 * under the others. A file whose first line is half as old as lines may become is renamed to `<file>.1`, and that is removed
 * when its last line is, so that every line goes in time.
 */
export function createErrorLog({ file, retentionDays, now = Date.now }: ErrorLogOptions): ErrorLog {
  const half = (retentionDays * DAY_MS) / 2;
  const older = `${file}.1`;

  function expire(): void {
    quietly(() => {
      if (statSync(older).mtimeMs < now() - half) rmSync(older);
    });
    quietly(() => {
      const begun = timeOfFirstLine(file);
      if (begun !== undefined && begun < now() - half) renameSync(file, older);
    });
  }

  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  expire();
  setInterval(expire, CHECK_INTERVAL_MS).unref();
  return {
    write(line) {
      // Standard output has the line too, so a full disk is no reason to stop.
      quietly(() => appendFileSync(file, line, { mode: 0o600 }));
    },
    expire,
  };
}

function quietly(action: () => void): void {
  try {
    action();
  } catch {}
}
