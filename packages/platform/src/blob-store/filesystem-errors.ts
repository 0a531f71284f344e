import { BlobStoreError } from './blob-store.js';

/** What to mend, for the errors that a person can do something about. */
const ADVICE: Record<string, string> = {
  ENOSPC: 'The disk is full: free some space',
  EDQUOT: 'The disk quota is used up: raise it or free some space',
  EACCES: 'Let the user that runs this process read and write there',
  EPERM: 'Let the user that runs this process read and write there, on a file system that has hard links',
  ENOTSUP: 'The file system needs hard links',
  EEXIST: 'A folder, or what is no file, is where a file is needed',
  EROFS: 'The file system is mounted read-only',
  ENOTDIR: 'A file, or a link to nothing, is where a folder is needed',
  EXDEV: 'All folders have to be on one file system, their links included',
  EMFILE: 'This process has too many files open: raise its limit',
  ETIMEDOUT: 'It did not answer in time: check the disk',
  EIO: 'The disk reports an error: check its health',
};

/** The error's code (`ENOENT`, …) when the system raised it. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Says of a failed file operation on `place` what happened and what to do. */
export function toFilesystemError(operation: string, place: string, error: unknown): BlobStoreError {
  if (error instanceof BlobStoreError) return error;
  const errno = errnoOf(error) ?? 'unknown error';
  const code = errno === 'ENOSPC' || errno === 'EDQUOT' ? 'full' : 'unavailable';
  const advice = `${ADVICE[errno] ?? 'Check the disk and its permissions'}.`;
  const message = `Could not ${operation} in ${place} (${errno}). ${advice}`;
  return new BlobStoreError(code, message, { cause: error, origin: errno, advice });
}
