import type { BigIntStats } from 'node:fs';

/**
 * What differs after any change that the file system can tell: a replaced file has another inode, and one edited in
 * place another ctime, which, unlike size and mtime, no tool can set back.
 */
export function etagOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [ino, size, mtimeNs, ctimeNs].map((part) => part.toString(36)).join('-');
}
