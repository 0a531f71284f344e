import { closeSync, existsSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Archive } from './archive.js';

/** Writes Redis' data (RDB) to a new file. */
export async function writeRedisData(archive: Archive, parts: readonly string[], file: string): Promise<void> {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    for (const sha256 of parts) writeSync(descriptor, await archive.get(sha256));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Where the private Redis of a data folder reads its data at its next start, undefined when it has data already. Redis takes
 * an RDB file for the beginning of an append-only file, and an old one for the beginning of a new one.
 */
export function privateRedisFile(dataDir: string): string | undefined {
  const folder = join(dataDir, 'redis');
  const [file, newer] = ['appendonly.aof', 'appendonlydir'].map((name) => join(folder, name));
  if (file === undefined || newer === undefined || existsSync(file) || existsSync(newer)) return undefined;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return file;
}
