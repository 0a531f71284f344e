import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { ConfigError } from '../config.js';

const KEY_BYTES = 32;

export interface AuditKeyOptions {
  /** The log's. */
  readonly file: string;
  /** The configured one, which needs no file. */
  readonly key: Buffer | undefined;
}

/** Where the key of a log is when none is configured: beside it. */
export function auditKeyFile(file: string): string {
  return `${file}.key`;
}

/**
 * The key of a log.
 * @throws {ConfigError} when there is none.
 */
export function readAuditKey({ file, key }: AuditKeyOptions): Buffer {
  const found = key ?? readKeyFile(auditKeyFile(file));
  if (found) return found;
  throw new ConfigError(
    `The key of the audit log is missing: put ${auditKeyFile(file)} back, or set AUDIT_KEY if the log was written with one.`,
  );
}

/**
 * The key of a log that is about to be written; made when log and key are new.
 * @throws {ConfigError} when there is a log but no key, for its lines could no longer be checked.
 */
export function ensureAuditKey({ file, key }: AuditKeyOptions): Buffer {
  const keyFile = auditKeyFile(file);
  if (key) return key;
  const isNew = (statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0;
  if (isNew && !readKeyFile(keyFile)) makeKeyFile(keyFile);
  return readAuditKey({ file, key });
}

function readKeyFile(keyFile: string): Buffer | undefined {
  let text: string;
  try {
    text = readFileSync(keyFile, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new ConfigError(`The key of the audit log, ${keyFile}, cannot be read (${code}).`);
  }
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === KEY_BYTES) return key;
  throw new ConfigError(`The key of the audit log, ${keyFile}, is not the base64 of ${KEY_BYTES} bytes. Put it back.`);
}

/** A file appears with its content or not at all; of several processes the first one's stays. */
function makeKeyFile(keyFile: string): void {
  const draft = `${keyFile}.${randomBytes(8).toString('hex')}`;
  writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, keyFile);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
}
