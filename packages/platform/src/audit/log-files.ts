import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { auditFiles, chainsWithHead, headFile } from './audit-files.js';
import { auditKeyFile } from './audit-key.js';

/** What a log consists of now, as paths. */
export interface AuditLogFiles {
  /** To be copied before the lines that they vouch for. */
  readonly heads: readonly string[];
  /** Oldest first, the one that is written last. */
  readonly logs: readonly string[];
  /** Where its key is when AUDIT_KEY does not give it, if it is there. */
  readonly key: string | undefined;
}

export async function auditLogFiles(file: string): Promise<AuditLogFiles> {
  const names: string[] = await readdir(dirname(file)).catch(() => []);
  const keyFile = auditKeyFile(file);
  return {
    heads: chainsWithHead(file, names).map((chain) => join(dirname(file), basename(headFile(file, chain)))),
    logs: auditFiles(file, names),
    key: names.includes(basename(keyFile)) ? keyFile : undefined,
  };
}
