import { compareKeys } from './key.js';

/** What S3 has to be asked for to list folders. */
export interface FolderRange {
  readonly prefix: string;
  /** Empty for the beginning. Otherwise it begins with `prefix`, for MinIO finds nothing after what does not. */
  readonly startAfter: string;
}

/**
 * Where the folders below `prefix` are whose names come after `after` and begin with `startsWith`, and in one case
 * others too; undefined when there are none.
 */
export function folderRange(prefix: string, after: string | undefined, startsWith: string): FolderRange | undefined {
  // MinIO refuses a prefix whose last segment is one of these, though names can begin so.
  const isRefused = ['.', '..'].includes(startsWith.trim());
  const start = isRefused ? prefix : `${prefix}${startsWith}`;
  if (after === undefined) return { prefix: start, startAfter: '' };
  // All keys in the folder `after` go on with `/`, which `0` follows.
  const startAfter = `${prefix}${after}0`;
  if (startAfter.startsWith(start)) return { prefix: start, startAfter };
  return compareKeys(startAfter, start) < 0 ? { prefix: start, startAfter: '' } : undefined;
}
