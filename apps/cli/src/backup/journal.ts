import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type SavedObject, savedObjectSchema } from './snapshot.js';

const entrySchema = savedObjectSchema.extend({ source: z.string() });

/** What a backup has copied so far, for the next one if this one is interrupted. */
export interface Journal {
  /** What was noted by backups of this source that did not come to their end. */
  readonly noted: readonly SavedObject[];
  note(object: SavedObject): void;
  remove(): void;
}

export function openJournal(folder: string, source: string): Journal {
  const file = join(folder, 'journal.jsonl');
  return {
    noted: readNoted(file, source),
    note(object) {
      appendFileSync(file, `${JSON.stringify({ source, ...object })}\n`, { mode: 0o600 });
    },
    remove() {
      rmSync(file, { force: true });
    },
  };
}

function readNoted(file: string, source: string): SavedObject[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap((line) => {
    const entry = entrySchema.safeParse(parsed(line));
    return entry.success && entry.data.source === source ? [savedObjectSchema.parse(entry.data)] : [];
  });
}

/** Undefined for the last line of a backup that was killed. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
