import { rm } from 'node:fs/promises';
import type { AuditEntry } from './audit-entry.js';
import { isRotatedBefore } from './audit-files.js';
import { everyFile } from './every-file.js';
import { scanFile } from './scan-file.js';
import type { Seal } from './seal.js';

/** So that the line stays short. */
const RUNS_PER_LINE = 20;

/**
 * Removes the files whose last line is older than `before`, after `note` has written which lines that are. The file
 * that is being written stays.
 */
export async function trimFiles(
  file: string,
  seal: Seal,
  before: Date,
  note: (entry: AuditEntry) => Promise<void>,
): Promise<void> {
  for await (const open of everyFile(file, 'r')) {
    if (!isRotatedBefore(file, open.path, before)) continue;
    const { runs, to } = await scanFile(open, seal);
    // A process that writes little may still write to a file that another has renamed long ago.
    if (to === undefined || to >= before.toISOString()) continue;
    const lines = runs.map(({ chain, first, last }) => `${chain}:${first}-${last}`);
    for (let start = 0; start < lines.length; start += RUNS_PER_LINE) {
      const detail = { lines: lines.slice(start, start + RUNS_PER_LINE) };
      await note({ action: 'trimmed', outcome: 'ok', detail });
    }
    await rm(open.path, { force: true });
  }
}
