import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, link, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from './filesystem-errors.js';
import { orMissing } from './filesystem-listing.js';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** How often a folder may be removed between its making and the entry into it, by deletions that empty it. */
const ENTRY_ATTEMPTS = 50;

/**
 * Writes `bytes` to a new file in the folder `temporary`, and moves it to `path` once it is on the disk: no reader and
 * no crash sees a part. Resolves with the file's state when the move is on the disk too.
 */
export async function writeDurably(temporary: string, path: string, bytes: Uint8Array): Promise<BigIntStats> {
  return await withDraft(temporary, bytes, async (draft, file) => {
    const changedFolders = await enter(dirname(path), () => rename(draft, path));
    return await settle(file, changedFolders);
  });
}

/**
 * Writes as {@link writeDurably} does unless there is a file at `path`: then resolves with undefined. For a moment the
 * new file has the draft's name too, and whoever reads it then sees a ctime that changes once more.
 */
export async function writeDurablyIfAbsent(
  temporary: string,
  path: string,
  bytes: Uint8Array,
): Promise<BigIntStats | undefined> {
  return await withDraft(temporary, bytes, async (draft, file) => {
    const changedFolders = await linkUnlessTaken(draft, path);
    await unlink(draft);
    return changedFolders && (await settle(file, changedFolders));
  });
}

/** Has `place` give a path to the draft, a new file in the folder `temporary` whose bytes are on the disk. */
async function withDraft<T>(
  temporary: string,
  bytes: Uint8Array,
  place: (draft: string, file: FileHandle) => Promise<T>,
): Promise<T> {
  const draft = join(temporary, randomUUID());
  const file = await createFile(draft);
  try {
    await file.writeFile(bytes);
    await file.sync();
    return await place(draft, file);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  } finally {
    release(file);
  }
}

/** Puts the new entries on the disk and resolves with the file's state. */
async function settle(file: FileHandle, changedFolders: readonly string[]): Promise<BigIntStats> {
  // Only now, for the move itself changes the file's ctime; by handle, for another writer may have replaced the file.
  const [stats] = await Promise.all([file.stat({ bigint: true }), ...changedFolders.map(syncFolder)]);
  return stats;
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

/** As {@link enter} does; undefined when there is a file at `path`. */
async function linkUnlessTaken(draft: string, path: string): Promise<string[] | undefined> {
  try {
    return await enter(dirname(path), () => link(draft, path));
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    // Deleted since, it was there all the same. A folder is no object: whoever expects one would look for it in vain.
    const stats = await orMissing(stat(path));
    if (stats && !stats.isFile()) throw error;
    return undefined;
  }
}

/** Has `place` make an entry in `folder`, made if missing; resolves with the folders that changed and have to be synced. */
async function enter(folder: string, place: () => Promise<void>): Promise<string[]> {
  const changed = new Set([folder]);
  for (let attempt = 1; ; attempt++) {
    try {
      if (attempt > 1) for (const parent of await makeFolder(folder)) changed.add(parent);
      await place();
      return [...changed];
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || attempt === ENTRY_ATTEMPTS) throw error;
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
