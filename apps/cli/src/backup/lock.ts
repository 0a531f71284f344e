import { closeSync, openSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '@rollcall/platform';

const HEARTBEAT_MS = 5_000;
const STALE_MS = 60_000;

/**
 * Holds the folder for one backup at a time. A backup that was killed holds it for a minute.
 * @returns what gives it back.
 * @throws {ConfigError} when another backup is at work.
 */
export function lockFolder(folder: string): () => void {
  const file = join(folder, 'lock');
  if (Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Number.NaN) > STALE_MS) rmSync(file);
  try {
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new ConfigError(`Another backup into ${folder} is at work (or was killed less than a minute ago).`);
  }
  const heartbeat = setInterval(() => utimesSync(file, new Date(), new Date()), HEARTBEAT_MS).unref();
  return () => {
    clearInterval(heartbeat);
    rmSync(file, { force: true });
  };
}
