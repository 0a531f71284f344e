import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobInfo, FolderQuery } from './blob-store.js';
import { errnoOf } from './filesystem-errors.js';
import { etagOf } from './filesystem-etag.js';
import { compareKeys, isFolder, isValidKey } from './key.js';
import { mapInSlices } from './map-in-slices.js';

const AT_ONCE = 16;

/** Wraps each single request to the disk, so that one without an answer ends. */
export type Patience = <T>(work: Promise<T>) => Promise<T>;

/**
 * The files below `folder`, whose keys start with `prefix`, unsorted; a folder without any is listed itself. What
 * vanishes meanwhile is left out. Links to files are followed; links to folders are not, for they may lead in circles.
 */
export async function listFolder(folder: string, prefix: string, patience: Patience): Promise<BlobInfo[]> {
  const entries = await patience(orMissing(readdir(folder, { withFileTypes: true })));
  if (entries === undefined) return [];
  const listed = await mapInSlices(entries, AT_ONCE, (entry) => listEntry(entry, folder, prefix, patience));
  const found = listed.flat();
  if (found.length > 0 || !isFolder(prefix)) return found;
  return describe(folder, prefix, patience);
}

async function listEntry(entry: Dirent, folder: string, prefix: string, patience: Patience): Promise<BlobInfo[]> {
  const path = join(folder, entry.name);
  const key = `${prefix}${entry.name}`;
  if (entry.isDirectory()) return isFolder(`${key}/`) ? listFolder(path, `${key}/`, patience) : [];
  return isValidKey(key) ? describe(path, key, patience) : [];
}

/** The names that {@link BlobStore.folders} gives. Links to folders count: no circle can be entered here. */
export async function listFolders(
  folder: string,
  prefix: string,
  { after, limit, startsWith = '' }: FolderQuery,
  patience: Patience,
): Promise<string[]> {
  const entries = (await patience(orMissing(readdir(folder, { withFileTypes: true })))) ?? [];
  const candidates = entries
    .filter(({ name }) => name.startsWith(startsWith) && (after === undefined || compareFolders(name, after) > 0))
    .sort((a, b) => compareFolders(a.name, b.name));
  const names: string[] = [];
  for (const entry of candidates) {
    if (names.length >= limit) break;
    if (!isFolder(`${prefix}${entry.name}/`)) continue;
    if (await patience(leadsToFolder(entry, folder))) names.push(entry.name);
  }
  return names;
}

function compareFolders(a: string, b: string): number {
  return compareKeys(`${a}/`, `${b}/`);
}

async function leadsToFolder(entry: Dirent, folder: string): Promise<boolean> {
  const isDecoded = !entry.name.includes('\ufffd');
  if (isDecoded && !entry.isSymbolicLink()) return entry.isDirectory();
  return (await orMissing(stat(join(folder, entry.name))))?.isDirectory() ?? false;
}

/** A name that is no UTF-8 does not survive decoding, so its file is not found either. */
async function describe(path: string, key: string, patience: Patience): Promise<BlobInfo[]> {
  const stats = await patience(orMissing(stat(path, { bigint: true })));
  if (stats === undefined) return [];
  if (key.endsWith('/')) return [{ key, etag: etagOf(stats), size: 0, modifiedAt: Number(stats.mtimeMs) }];
  if (!stats.isFile()) return [];
  return [{ key, etag: etagOf(stats), size: Number(stats.size), modifiedAt: Number(stats.mtimeMs) }];
}

/** Undefined when there is no such file or folder. */
export async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'ELOOP') return undefined;
    throw error;
  }
}
