import { rmdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './durable-write.js';
import { errnoOf } from './filesystem-errors.js';

/**
 * Removes the file at `path`, or the empty folder when `path` ends in `/`. Resolves with the folder that lost an entry,
 * undefined when there was nothing to remove.
 */
export async function remove(path: string): Promise<string | undefined> {
  try {
    await (path.endsWith('/') ? rmdir(path) : unlink(path));
    return dirname(path);
  } catch (error) {
    const errno = errnoOf(error);
    // EISDIR: the name is a folder's. ENOTEMPTY: so is the key, and by now somebody has put something into it.
    if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'EISDIR' || errno === 'ENOTEMPTY') return undefined;
    throw error;
  }
}

/** Removes `folder` and the folders above it up to `root`, as far as they are empty, and puts the change on the disk. */
export async function removeEmptied(folder: string, root: string): Promise<void> {
  let remaining = folder;
  while (remaining !== root && (await isRemoved(remaining))) remaining = dirname(remaining);
  await syncFolder(remaining);
}

/** Whatever keeps the folder, mostly an entry in it or somebody who removed it first, its objects are gone. */
async function isRemoved(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch {
    return false;
  }
}
