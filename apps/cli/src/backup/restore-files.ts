import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { auditLogFiles, type Config, ConfigError } from '@rollcall/platform';
import type { Archive } from './archive.js';
import type { AuditLogPlace } from './erased-since.js';
import type { SavedFile, Snapshot } from './snapshot.js';

type Places = Pick<Config, 'apiTokensFile' | 'audit'>;
type Role = SavedFile['role'];

/** What there was in the snapshot and is not on this machine. */
export async function missingRoles({ files }: Snapshot, { apiTokensFile, audit }: Places): Promise<Set<Role>> {
  const { logs, key } = await auditLogFiles(audit.file);
  const isMissing: Record<Role, boolean> = {
    tokens: !statSync(apiTokensFile, { throwIfNoEntry: false }),
    audit: logs.length === 0,
    audit_key: audit.key === undefined && key === undefined,
  };
  return new Set(files.map(({ role }) => role).filter((role) => isMissing[role]));
}

/** Puts the files of these roles to their places, for this user only. */
export async function restoreFiles(
  archive: Archive,
  { files }: Snapshot,
  { apiTokensFile, audit }: Places,
  roles: ReadonlySet<Role>,
): Promise<void> {
  for (const { role, name, sha256 } of files.filter((file) => roles.has(file.role))) {
    const path = role === 'tokens' ? apiTokensFile : join(dirname(audit.file), name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, await archive.get(sha256), { mode: 0o600 });
  }
}

/**
 * Has `work` read the snapshot's copy of the audit log, which lies in a folder of this user's for as long.
 * @throws {ConfigError} when the log had another name.
 */
export async function withAuditCopy<T>(
  archive: Archive,
  { files }: Snapshot,
  audit: Config['audit'],
  work: (place: AuditLogPlace) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-restore-'));
  try {
    for (const { role, name, sha256 } of files) {
      if (role !== 'tokens') writeFileSync(join(folder, name), await archive.get(sha256), { mode: 0o600 });
    }
    const { key } = await auditLogFiles(audit.file);
    if (key) copyFileSync(key, join(folder, basename(key)));
    const file = join(folder, basename(audit.file));
    if ((await auditLogFiles(file)).logs.length === 0) {
      throw new ConfigError(`The backup has no audit log ${basename(file)}; set AUDIT_LOG_FILE as it was then.`);
    }
    return await work({ file, key: audit.key });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
