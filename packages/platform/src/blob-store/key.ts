import { BlobStoreError } from './blob-store.js';

const MAX_KEY_BYTES = 1024;

/** The longest name a file system holds, MinIO's own included. */
const MAX_SEGMENT_BYTES = 255;

/** What XML 1.0, in which S3 lists and deletes, cannot carry: control characters, lone surrogates, U+FFFE and U+FFFF. */
const FORBIDDEN_CHARACTER = /[\\\p{Cc}\p{Cs}\uFFFE\uFFFF]/u;

/** Whether `key` follows the rules that {@link BlobStore} states. */
export function isValidKey(key: string): boolean {
  return key.includes('/') && isValidPath(key);
}

/** Throws `invalid_key` unless `key` follows the rules that {@link BlobStore} states. */
export function assertValidKey(key: string): void {
  if (!isValidKey(key)) throw new BlobStoreError('invalid_key', `${quote(key)} is no valid object key.`);
}

/** Throws `invalid_key` unless `prefix` is a folder: empty, or a valid path and a final `/`. */
export function assertValidPrefix(prefix: string): void {
  if (prefix !== '' && !isFolder(prefix)) {
    throw new BlobStoreError(
      'invalid_key',
      `${quote(prefix)} is no valid folder: it has to be empty or to end in "/".`,
    );
  }
}

/** Whether `key` is valid as a folder's, `employees/7/`: what an empty folder is listed as. */
export function isFolder(key: string): boolean {
  return key.endsWith('/') && isValidPath(key.slice(0, -1));
}

/** Throws `invalid_key` unless `key` is what a listing may contain: an object's key or an empty folder's. */
export function assertListedKey(key: string): void {
  if (!isFolder(key)) assertValidKey(key);
}

/** Throws `invalid_key` unless `name` can be a folder's, without a `/`. */
export function assertValidName(name: string): void {
  if (!isNameStart(name) || !isValidSegment(name)) {
    throw new BlobStoreError('invalid_key', `${quote(name)} is no valid folder name.`);
  }
}

/** Whether there are valid names that begin with `text`. */
export function isNameStart(text: string): boolean {
  return !text.includes('/') && !FORBIDDEN_CHARACTER.test(text) && Buffer.byteLength(text) <= MAX_SEGMENT_BYTES;
}

function isValidPath(path: string): boolean {
  return (
    Buffer.byteLength(path) <= MAX_KEY_BYTES && !FORBIDDEN_CHARACTER.test(path) && path.split('/').every(isValidSegment)
  );
}

function isValidSegment(segment: string): boolean {
  return segment !== '' && segment !== '.' && segment !== '..' && Buffer.byteLength(segment) <= MAX_SEGMENT_BYTES;
}

/** Whoever sent it may have made it long, or put line breaks into it. */
function quote(key: string): string {
  return JSON.stringify(key.length > 200 ? `${key.slice(0, 200)}…` : key);
}

/**
 * Orders keys by their UTF-8 bytes, as S3 lists them. JavaScript compares UTF-16, in which the surrogates that make up
 * U+10000 and above come before U+E000 to U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = byteRank(a.charCodeAt(i)) - byteRank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function byteRank(codeUnit: number): number {
  return codeUnit >= 0xd800 && codeUnit <= 0xdfff ? codeUnit + 0x10000 : codeUnit;
}
