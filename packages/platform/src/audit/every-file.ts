import { type FileHandle, open, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { auditFiles } from './audit-files.js';

export interface OpenFile {
  readonly path: string;
  /** Closed with the next step of the iteration. */
  readonly handle: FileHandle;
}

/** Opens each file of the log once, oldest first. One that is renamed meanwhile would be missed by its name. */
export async function* everyFile(file: string, flags: 'r' | 'r+'): AsyncGenerator<OpenFile> {
  const seen = new Set<number>();
  for (let found = true; found; ) {
    found = false;
    for (const path of auditFiles(file, await readdir(dirname(file)))) {
      const handle = await openIfThere(path, flags);
      if (!handle) continue;
      try {
        const { ino } = await handle.stat();
        if (seen.has(ino)) continue;
        seen.add(ino);
        found = true;
        yield { path, handle };
      } finally {
        await handle.close();
      }
    }
  }
}

/** Undefined when there is no such file, or no more. */
export async function openIfThere(path: string, flags: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, flags);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
