import { constants } from 'node:fs';
import { open, readdir, stat, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { withTimeout } from '../with-timeout.js';
import { type BlobInfo, type BlobStore, BlobStoreError, type FolderQuery } from './blob-store.js';
import { remove, removeEmptied } from './durable-delete.js';
import { release, writeDurably, writeDurablyIfAbsent } from './durable-write.js';
import { toFilesystemError } from './filesystem-errors.js';
import { etagOf } from './filesystem-etag.js';
import { listFolder, listFolders, orMissing, type Patience } from './filesystem-listing.js';
import { assertListedKey, assertValidKey, assertValidName, assertValidPrefix, compareKeys } from './key.js';
import { mapInSlices } from './map-in-slices.js';

/** Holds the files that are being written, and those that a crash left half written. */
const TEMPORARY = '.tmp/';
const TEMPORARY_MAX_AGE_MS = 3_600_000;

const DELETED_AT_ONCE = 16;

export interface FilesystemBlobStoreOptions {
  /** The folder below which an object's key is its file's path. Made when it is missing. */
  readonly root: string;
  /** How long one file or folder may take; 10 seconds by default. */
  readonly timeoutMs?: number;
}

/**
 * Keeps every object as a plain file, so that people can copy folders in, replace photos and look at them: nothing is
 * remembered between calls. Several processes may share the root, which has to be on one file system.
 */
export function createFilesystemBlobStore(options: FilesystemBlobStoreOptions): BlobStore {
  const { timeoutMs = 10_000 } = options;
  const root = resolve(options.root);
  const temporary = join(root, TEMPORARY);

  /** Gives the work its time and its failure a sentence. A hung disk cannot be interrupted, only no longer waited for. */
  async function attempt<T>(operation: string, work: Promise<T>): Promise<T> {
    try {
      return await withTimeout(work, timeoutMs);
    } catch (error) {
      throw toFilesystemError(operation, root, error);
    }
  }

  function pathOf(key: string): string {
    if (key.startsWith(TEMPORARY)) throw new BlobStoreError('invalid_key', `Objects cannot be in ${TEMPORARY}.`);
    return join(root, key);
  }

  async function put(key: string, bytes: Uint8Array): Promise<{ etag: string }> {
    assertValidKey(key);
    const stats = await attempt(`store ${key}`, writeDurably(temporary, pathOf(key), bytes));
    return { etag: etagOf(stats) };
  }

  async function putIfAbsent(key: string, bytes: Uint8Array): Promise<{ etag: string } | undefined> {
    assertValidKey(key);
    const stats = await attempt(`store ${key}`, writeDurablyIfAbsent(temporary, pathOf(key), bytes));
    return stats && { etag: etagOf(stats) };
  }

  async function get(key: string): Promise<{ bytes: Uint8Array; etag: string } | undefined> {
    assertValidKey(key);
    return await attempt(`read ${key}`, readFile(pathOf(key)));
  }

  async function list(prefix: string): Promise<BlobInfo[]> {
    assertValidPrefix(prefix);
    const found = await listFolder(pathOf(prefix), prefix, (work) => attempt(`list ${prefix || 'all'}`, work));
    return found.filter(({ key }) => !key.startsWith(TEMPORARY)).sort((a, b) => compareKeys(a.key, b.key));
  }

  async function folders(prefix: string, query: FolderQuery): Promise<string[]> {
    assertValidPrefix(prefix);
    if (query.after !== undefined) assertValidName(query.after);
    const patience: Patience = (work) => attempt(`list the folders of ${prefix || 'all'}`, work);
    // One more, for the folder of unfinished files may be among them.
    const names = await listFolders(pathOf(prefix), prefix, { ...query, limit: query.limit + 1 }, patience);
    return names.filter((name) => `${prefix}${name}/` !== TEMPORARY).slice(0, query.limit);
  }

  async function deleteAll(keys: readonly string[]): Promise<void> {
    for (const key of keys) assertListedKey(key);
    const folders = await mapInSlices(keys, DELETED_AT_ONCE, (key) => attempt(`delete ${key}`, remove(pathOf(key))));
    for (const folder of new Set(folders)) {
      if (folder !== undefined) await attempt(`delete files of ${folder}`, removeEmptied(folder, root));
    }
  }

  async function check(): Promise<void> {
    const probe = join(temporary, 'check');
    await attempt('write', writeDurably(temporary, probe, Buffer.from('ok\n')));
    await attempt('delete', orMissing(unlink(probe)));
    await attempt('tidy up', removeLeftovers(temporary));
  }

  return { put, putIfAbsent, get, list, folders, delete: deleteAll, check, close: () => undefined };
}

/** Reads the file if there is one. The etag is from before the read, so that it is never newer than the bytes. */
async function readFile(path: string): Promise<{ bytes: Uint8Array; etag: string } | undefined> {
  // O_NONBLOCK lest a named pipe keep a thread for ever.
  const file = await orMissing(open(path, constants.O_RDONLY | constants.O_NONBLOCK));
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) return undefined;
    const bytes = Buffer.allocUnsafeSlow(Number(stats.size));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return { bytes: bytes.subarray(0, filled), etag: etagOf(stats) };
  } finally {
    release(file);
  }
}

async function removeLeftovers(folder: string): Promise<void> {
  const writtenBefore = Date.now() - TEMPORARY_MAX_AGE_MS;
  await mapInSlices(await readdir(folder), DELETED_AT_ONCE, async (name) => {
    const path = join(folder, name);
    const stats = await orMissing(stat(path));
    if (stats && stats.mtimeMs < writtenBefore) await orMissing(unlink(path));
  });
}
