import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from './filesystem-errors.js';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** How often a folder may be removed between its making and the move into it, by deletions that empty it. */
const MOVE_ATTEMPTS = 50;

/**
 * Writes `bytes` to a new file in the folder `temporary`, and moves it to `path` once it is on the disk: no reader and
 * no crash sees a part. Resolves with the file's state when the move is on the disk too.
 */
export async function writeDurably(temporary: string, path: string, bytes: Uint8Array): Promise<BigIntStats> {
  const draft = join(temporary, randomUUID());
  const file = await createFile(draft);
  try {
    await file.writeFile(bytes);
    await file.sync();
    const changedFolders = await moveTo(path, draft);
    // Only now, for the move itself changes the file's ctime; by handle, for another writer may have replaced the file.
    const [stats] = await Promise.all([file.stat({ bigint: true }), ...changedFolders.map(syncFolder)]);
    return stats;
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  } finally {
    release(file);
  }
}

/** Puts the folder's entries, not their contents, on the disk. A folder that has gone is no error. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch (error) {
    // Some network file systems answer EINVAL: they keep folders on the disk without being asked.
    const errno = errnoOf(error);
    if (errno !== 'ENOENT' && errno !== 'EINVAL') throw error;
  } finally {
    if (handle) release(handle);
  }
}

/** Closes a file without waiting: whatever was to be read or synced has been. */
export function release(file: FileHandle): void {
  file.close().catch(() => undefined);
}

async function createFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', FILE_MODE);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    await makeFolder(dirname(path));
    return await open(path, 'wx', FILE_MODE);
  }
}

/** Moves `draft` to `path`, making its folder; resolves with the folders that got an entry and have to be synced. */
async function moveTo(path: string, draft: string): Promise<string[]> {
  const folder = dirname(path);
  const changed = new Set([folder]);
  for (let attempt = 1; ; attempt++) {
    try {
      if (attempt > 1) for (const parent of await makeFolder(folder)) changed.add(parent);
      await rename(draft, path);
      return [...changed];
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || attempt === MOVE_ATTEMPTS) throw error;
    }
  }
}

/** Makes the folder and those above it; resolves with the parents of the made ones. */
async function makeFolder(folder: string): Promise<string[]> {
  const topmost = await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  const parents: string[] = [];
  if (topmost === undefined) return parents;
  for (let made = folder; made.length >= topmost.length; made = dirname(made)) parents.push(dirname(made));
  return parents;
}
