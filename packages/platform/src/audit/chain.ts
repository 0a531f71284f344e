import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createStream } from 'rotating-file-stream';
import { timeOfFirstLine } from '../first-line.js';
import { type AuditEntry, type AuditFields, toFields } from './audit-entry.js';
import { chainsWithHead, headFile, rotatedName } from './audit-files.js';
import { formatHead, type Head, nameOf, readHeadSync, removeHead, saveHead } from './heads.js';
import type { Seal } from './seal.js';
import { tipOf } from './tip.js';

const HEAD_INTERVAL_MS = 1000;
const LAST_HEAD_ATTEMPTS = 10;
const LAST_HEAD_PAUSE_MS = 50;
/** So that the first line stays short; what is left is for the next process. */
const MAX_HEADS = 40;

/** The lines of one process, each bound to the one before it. */
export interface Chain {
  /**
   * Writes one line, in the order of the calls.
   * @throws {Error} when it cannot be written; then the chain is at its end.
   */
  append(fields: AuditFields, employee?: string): Promise<void>;
  readonly hasFailed: boolean;
  /** Notes that all lines are written. */
  close(): Promise<void>;
}

export interface ChainOptions {
  readonly file: string;
  readonly seal: Seal;
  /** From this size on the file is renamed and a new one begun. */
  readonly maxFileBytes: number;
  /** A file that was begun longer ago is renamed at the start. */
  readonly maxFileAgeMs: number;
  /** What could not be noted before. */
  readonly lost: number;
}

/**
 * Begins a chain. Its first line names the last line of the log and takes over the heads of earlier chains, so that neither
 * their end nor a whole chain can be removed unnoticed. The head files of processes that are still running go as well: they
 * write them again with their next line.
 */
export function openChain({ file, seal, maxFileBytes, maxFileAgeMs, lost }: ChainOptions): Chain {
  const chain = randomBytes(8).toString('hex');
  const { last, isTorn } = tipOf(file, seal);
  // Named after its last line, from which on it is kept.
  const isAnew = setAside(file, rotatedName(file, new Date(last?.time ?? Date.now()), chain, 0), maxFileAgeMs);
  const heads = chainsWithHead(file, readdirSync(dirname(file)))
    .map((other) => readHeadSync(file, seal, other))
    .filter((head) => head !== undefined)
    .slice(0, MAX_HEADS);
  let head: Head = { chain, seq: -1, hash: '' };
  // Before the first line, lest a chain that is killed at once be taken for one without its end.
  writeFileSync(headFile(file, chain), formatHead(seal, head), { mode: 0o600 });

  let hasFailed = false;
  const stream = createStream((time, n = 1) => (time ? rotatedName(file, new Date(time), chain, n) : file), {
    size: `${maxFileBytes}B`,
    mode: 0o600,
  });
  stream.on('error', () => {
    hasFailed = true;
    clearTimeout(timer);
  });

  let seq = 0;
  let prev = last?.hash ?? '';
  let timer: NodeJS.Timeout | undefined;
  let saving = Promise.resolve();

  function append(fields: AuditFields, employee?: string, before = ''): Promise<void> {
    const { text, hash } = seal.write({ chain, seq, ...fields, prev }, employee);
    const written: Head = { chain, seq, hash };
    seq++;
    prev = hash;
    return new Promise((resolve, reject) => {
      // One write to a file that is open for appending: lines of several processes never mix.
      stream.write(`${before}${text}\n`, (error) => {
        if (error) {
          hasFailed = true;
          return reject(error);
        }
        head = written;
        saveHeadSoon();
        resolve();
      });
    });
  }

  function saveHeadSoon(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      saving = saveHead(file, seal, head).catch(() => {
        // The log has just been renamed, or another process removed the draft, or the disk is full.
        if (!hasFailed) saveHeadSoon();
      });
    }, HEAD_INTERVAL_MS).unref();
  }

  /** Another process may be about to put a new file in the place of a full one. */
  async function saveLastHead(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await saveHead(file, seal, head);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === LAST_HEAD_ATTEMPTS) throw error;
        await sleep(LAST_HEAD_PAUSE_MS);
      }
    }
  }

  function note(entry: AuditEntry, before?: string): Promise<void> {
    return append(toFields(entry), undefined, before);
  }

  const detail = {
    pid: process.pid,
    after: last && nameOf(last),
    heads: heads.map(nameOf),
    ...(lost > 0 && { lost }),
  };
  note({ action: 'opened', outcome: 'ok', detail }, isTorn && !isAnew ? '\n' : '')
    .then(() => Promise.all(heads.map((other) => removeHead(file, other.chain))))
    // Whoever appends next hears of it; heads that are left go with the next process.
    .catch(() => undefined);

  return {
    append,
    get hasFailed() {
      return hasFailed;
    },
    async close() {
      if (hasFailed) return;
      await note({ action: 'closed', outcome: 'ok' });
      const closed = once(stream, 'close');
      stream.end();
      await closed;
      clearTimeout(timer);
      await saving;
      // One that failed has set it again.
      clearTimeout(timer);
      await saveLastHead();
    },
  };
}

/** Renames the file if it was begun long ago, so that its lines can go in time however few there are. */
function setAside(file: string, name: string, maxAgeMs: number): boolean {
  try {
    const begun = timeOfFirstLine(file);
    if (begun === undefined || Date.now() - begun < maxAgeMs) return false;
    renameSync(file, name);
    return true;
  } catch (error) {
    // There is none, or another process has just renamed it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
