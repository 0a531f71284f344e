import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../config.js';
import { type AuditEntry, type AuditFields, asEmployee, toFields } from './audit-entry.js';
import { type AuditKeyOptions, ensureAuditKey } from './audit-key.js';
import { type Chain, openChain } from './chain.js';
import { redactFiles } from './redact.js';
import { createSeal, isErasure } from './seal.js';
import { trimFiles } from './trim.js';

const DAY_MS = 86_400_000;
/** Between two attempts to begin a new chain after a failure. */
const REOPEN_PAUSE_MS = 1000;
const MAX_FILE_BYTES = 10_485_760;
/** A file whose last line is fresh keeps its first line from going; so this is how much longer than it should a line may stay. */
const MAX_FILE_AGE_MS = 7 * DAY_MS;
/** Entries that may wait for a disk that does not keep up, some 10 MiB. */
const MAX_WAITING = 20_000;

export interface AuditLogOptions extends AuditKeyOptions {
  readonly retentionDays: number;
  /** Hears of every entry that could not be written. */
  readonly onError: (error: unknown) => void;
  /** 10 MiB by default. */
  readonly maxFileBytes?: number;
}

export interface AuditLog {
  /** Resolves when the line is handed to the operating system, or `onError` was told why not; never rejects. */
  record(entry: AuditEntry): Promise<void>;
  /**
   * Overwrites the employee's id in all lines there are. Lines that are recorded later have it again.
   * @returns how many lines had it.
   * @throws {Error} when a file cannot be read or written; what is left goes with the next attempt.
   */
  redact(employeeId: string): Promise<number>;
  /** Notes that all lines are written. Never rejects. */
  close(): Promise<void>;
}

/**
 * An append-only file of JSON lines, each bound to the one before it by a keyed hash. Any number of processes may write to
 * it at once. Files that are full, or were begun a week ago, are renamed, and removed when their last line is older than
 * `retentionDays`.
 * @throws {ConfigError} when the log or its key cannot be opened.
 */
export function createAuditLog(options: AuditLogOptions): AuditLog {
  const { file, retentionDays, onError, maxFileBytes = MAX_FILE_BYTES } = options;
  const seal = opening(file, () => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    return createSeal(ensureAuditKey(options));
  });
  const maxFileAgeMs = Math.min(MAX_FILE_AGE_MS, retentionDays * DAY_MS);
  let lost = 0;
  let chainBegunAt = 0;
  let turning: Promise<void> | undefined;
  let chain = opening(file, begin);
  let begunAt = performance.now();
  let renewal: Promise<void> | undefined;
  let waiting = 0;
  /** When the last line is written, and so all before it. */
  let settled = Promise.resolve();
  let isClosed = false;

  function begin(): Chain {
    chainBegunAt = Date.now();
    return openChain({ file, seal, maxFileBytes, maxFileAgeMs, lost });
  }

  /** Once a while everybody leaves the file, even one that another process has renamed long ago. */
  async function turnOver(): Promise<void> {
    if (renewal || Date.now() - chainBegunAt < maxFileAgeMs) return;
    turning = chain
      .close()
      .then(() => {
        chain = begin();
      })
      // Whoever writes next finds a chain at its end, and begins another.
      .catch(onError);
    await turning;
    turning = undefined;
  }

  /** After a failure a new chain is begun, which everybody waits for. */
  function renew(): Promise<void> {
    renewal ??= sleep(Math.max(0, begunAt + REOPEN_PAUSE_MS - performance.now()))
      .then(() => {
        begunAt = performance.now();
        chain = begin();
        lost = 0;
      })
      .finally(() => {
        renewal = undefined;
      });
    return renewal;
  }

  async function append(entry: AuditEntry): Promise<void> {
    if (isClosed) throw new Error('The audit log is closed.');
    if (waiting >= MAX_WAITING) throw new Error('The disk of the audit log does not keep up.');
    const employee = asEmployee(entry.employee);
    const fields = toFields(entry, {
      employeeRef: employee && seal.refOf(employee),
      photoRef: entry.photo && seal.refOfPhoto(entry.photo),
    });
    const written = write(fields, isErasure(entry) ? undefined : employee);
    waiting++;
    settled = written
      .catch(() => undefined)
      .then(() => {
        waiting--;
      });
    await written;
  }

  async function write(fields: AuditFields, employee: string | undefined): Promise<void> {
    if (turning) await turning;
    if (!chain.hasFailed) {
      try {
        return await chain.append(fields, employee);
      } catch {
        // Perhaps written all the same; better twice than not at all.
      }
    }
    if (chain.hasFailed) await renew();
    await chain.append(fields, employee);
  }

  async function record(entry: AuditEntry): Promise<void> {
    try {
      await append(entry);
    } catch (error) {
      lost++;
      onError(error);
    }
  }

  async function trim(): Promise<void> {
    try {
      await turnOver();
      await trimFiles(file, seal, new Date(Date.now() - retentionDays * DAY_MS), append);
    } catch (error) {
      onError(error);
    }
  }

  let trimming = trim();
  const daily = setInterval(() => {
    trimming = trimming.then(trim);
  }, DAY_MS).unref();

  return {
    record,
    async redact(employeeId) {
      const employee = asEmployee(employeeId);
      if (employee === undefined) return 0;
      await settled;
      // Noted before as well: no overwritten id may be without its note, even if this process dies meanwhile.
      const before = () => append({ action: 'redacted', outcome: 'started', employee });
      const count = await redactFiles(file, seal, seal.refOf(employee), before);
      if (count > 0) await append({ action: 'redacted', outcome: 'ok', employee, detail: { lines: count } });
      return count;
    },
    async close() {
      clearInterval(daily);
      await trimming;
      isClosed = true;
      await settled;
      await chain.close().catch(onError);
    },
  };
}

function opening<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new ConfigError(`The audit log ${file} cannot be opened (${error.code}).`);
  }
}
