import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { auditLogFiles, type Config } from '@rollcall/platform';
import type { Archive } from './archive.js';
import type { SavedFile } from './snapshot.js';

const MAX_PASSES = 5;

/** Copies the access tokens and the audit log, and the log's key only when it is asked for. */
export async function saveFiles(
  { apiTokensFile, audit }: Pick<Config, 'apiTokensFile' | 'audit'>,
  archive: Archive,
  { withAuditKey }: { readonly withAuditKey: boolean },
): Promise<SavedFile[]> {
  const saved = new Map<string, SavedFile>();
  const save = async (role: SavedFile['role'], path: string, cut = (bytes: Buffer) => bytes) => {
    const bytes = await readIfThere(path);
    if (!bytes) return;
    const name = basename(path);
    saved.set(`${role}/${name}`, { role, name, sha256: await archive.put(cut(bytes)) });
  };
  await save('tokens', apiTokensFile);
  const { heads, key } = await auditLogFiles(audit.file);
  // Before the lines that they vouch for.
  for (const head of heads) await save('audit', head);
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const { logs } = await auditLogFiles(audit.file);
    for (const log of logs) await save('audit', log, wholeLines);
    // A file that was full meanwhile has another name now, and another one has its place.
    const { logs: after } = await auditLogFiles(audit.file);
    if (after.join('\n') === logs.join('\n')) break;
  }
  if (withAuditKey && key) await save('audit_key', key);
  return [...saved.values()];
}

function wholeLines(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf('\n') + 1);
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
