import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  auditLogFiles,
  type Config,
  ConfigError,
  connectForRequests,
  createRawBlobStore,
  loadConfig,
} from '@rollcall/platform';
import { audited } from './audited.js';
import { type Archive, DamagedBackupError, openArchive } from './backup/archive.js';
import { erasuresIn } from './backup/erased-since.js';
import { type Housekeeping, keepHouse } from './backup/housekeeping.js';
import { openJournal } from './backup/journal.js';
import { lockFolder } from './backup/lock.js';
import { dumpRedis } from './backup/redis-dump.js';
import { saveFiles } from './backup/save-files.js';
import { saveObjects } from './backup/save-objects.js';
import type { SavedFile, SavedObject, Snapshot } from './backup/snapshot.js';
import { printJson } from './command.js';
import { BACKUP_OPTIONS } from './commands/backup.js';
import { findPrivateRedis } from './private-redis.js';

const DAY_MS = 86_400_000;

/**
 * Copies photos, embeddings, access tokens, the audit log and Redis' data into a folder, each content once, while the service
 * goes on. Interrupted, it is simply run again, and copies what is missing.
 * @returns the process's exit status: 1 when anything is left out or damaged.
 */
export async function backup(operands: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: operands,
    allowPositionals: true,
    options: BACKUP_OPTIONS,
  });
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) throw new ConfigError('Into which folder? rollcall backup FOLDER');
  const keepDays = Number(values['keep-days']);
  if (!Number.isSafeInteger(keepDays) || keepDays < 1) throw new ConfigError('--keep-days must be a positive integer');
  const config = loadConfig();
  const folder = resolve(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unlock = lockFolder(folder);
  try {
    const errors: string[] = [];
    const made = await run(config, folder, {
      keepDays,
      withRedis: !values['without-redis'],
      withAuditKey: values['with-audit-key'],
      onError: (message) => errors.push(message),
    });
    if (values.json) printJson({ ...made, left_out: errors });
    else process.stdout.write(textOf(made, keepDays));
    for (const error of errors) process.stderr.write(`${error}\n`);
    return errors.length > 0 ? 1 : 0;
  } finally {
    unlock();
  }
}

interface Wishes {
  readonly keepDays: number;
  readonly withRedis: boolean;
  readonly withAuditKey: boolean;
  /** Hears, in a sentence each, what did not go into the backup. */
  readonly onError: (message: string) => void;
}

interface Made {
  readonly snapshot: string;
  readonly objects: number;
  readonly copied: { readonly objects: number; readonly bytes: number };
  /** What else is in it. */
  readonly others: readonly string[];
  /** What is needed with it and not in it. */
  readonly keys_apart: readonly string[];
  /** Null when something damaged was found, so that nothing was removed. */
  readonly removed: Housekeeping | null;
}

async function run(config: Config, folder: string, wishes: Wishes): Promise<Made> {
  const { keepDays, withRedis, withAuditKey, onError } = wishes;
  const started = new Date();
  const archiveStore = createRawBlobStore({ s3: undefined, dataDir: folder });
  const archive = await openArchive(archiveStore);
  // Objects are copied as they are stored: a backup needs no key.
  const store = createRawBlobStore(config);

  const source = sourceOf(config);
  const journal = openJournal(folder, source);
  const known = [...(await lastObjectsOf(archive, source, onError)), ...journal.noted];
  let [copied, bytes] = [0, 0];
  const objects = await saveObjects({
    store,
    archive,
    known,
    onCopied(object) {
      journal.note(object);
      copied++;
      bytes += object.size;
    },
  });
  const files = await saveFiles(config, archive, { withAuditKey });
  const redis = withRedis ? await saveRedis(config, archive, onError) : null;
  const snapshot: Snapshot = { version: 1, started_at: started.toISOString(), source, objects, files, redis };
  const name = await archive.save(snapshot);
  journal.remove();
  store.close();

  const { logs } = await auditLogFiles(config.audit.file);
  const since = new Date(started.getTime() - keepDays * DAY_MS);
  const erasures = logs.length > 0 ? await erasuresIn([config.audit], since) : [];
  const removed = await keepHouse({ archive, newest: name, keepDays, erasures, now: started.getTime() }).catch(
    (error) => {
      if (!(error instanceof DamagedBackupError)) throw error;
      onError(
        `${error.message} Nothing old was removed. What else is damaged says: rollcall restore ${folder} --check`,
      );
      return null;
    },
  );
  archiveStore.close();
  await audited(config, (record) =>
    record({ action: 'backup', outcome: 'done', detail: { snapshot: name, objects: objects.length, copied } }),
  );
  return {
    snapshot: name,
    objects: objects.length,
    copied: { objects: copied, bytes },
    ...rolesOf(config, snapshot),
    removed,
  };
}

function rolesOf({ encryption }: Config, { files, redis }: Snapshot): Pick<Made, 'others' | 'keys_apart'> {
  const has = (role: SavedFile['role']) => files.some((file) => file.role === role);
  const isKeyApart = has('audit') && !has('audit_key');
  return {
    others: [
      ...(has('tokens') ? ['access tokens'] : []),
      ...(has('audit') ? ['audit log'] : []),
      ...(redis ? ['Redis'] : []),
    ],
    keys_apart: [
      ...(encryption.keys.length > 0 ? ['ENCRYPTION_KEYS'] : []),
      ...(isKeyApart ? ["the audit log's key"] : []),
    ],
  };
}

function textOf({ snapshot, objects, copied, others, keys_apart, removed }: Made, keepDays: number): string {
  const copies = `${objects} objects (${copied.objects} copied, ${(copied.bytes / 1e6).toFixed(1)} MB)`;
  const lines = [`snapshot ${snapshot}: ${[copies, ...others].join(', ')}`];
  if (removed) {
    lines.push(
      `removed: ${removed.removed} snapshots older than ${keepDays} days, ${removed.erased} objects of who was erased ` +
        `since, ${removed.pruned} contents that no snapshot needs`,
    );
  }
  if (keys_apart.length > 0) {
    lines.push(
      `Not in the backup, and needed with it: ${keys_apart.join(' and ')}. Keep a copy where neither this machine nor the backup is.`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Etags of another store mean nothing in this one. */
function sourceOf({ s3, dataDir }: Config): string {
  return s3
    ? `s3 ${s3.endPoint}:${s3.port}/${s3.bucket}`
    : `files ${existsSync(dataDir) ? realpathSync(dataDir) : dataDir}`;
}

async function lastObjectsOf(
  archive: Archive,
  source: string,
  onError: (message: string) => void,
): Promise<readonly SavedObject[]> {
  const last = (await archive.snapshots()).at(-1);
  if (last === undefined) return [];
  try {
    const snapshot = await archive.open(last);
    return snapshot.source === source ? snapshot.objects : [];
  } catch (error) {
    if (!(error instanceof DamagedBackupError)) throw error;
    onError(error.message);
    return [];
  }
}

async function saveRedis(
  config: Config,
  archive: Archive,
  onError: (message: string) => void,
): Promise<Snapshot['redis']> {
  const url = config.redisUrl ?? (await findPrivateRedis(config.dataDir));
  if (url === undefined) {
    onError('Redis does not run, so the queue is left out; --without-redis says that this is wanted.');
    return null;
  }
  const redis = connectForRequests(url, { reconnect: false });
  redis.on('error', () => undefined);
  try {
    await new Promise((done, failed) => redis.once('ready', done).once('close', failed));
    const parts: string[] = [];
    for await (const part of dumpRedis(redis)) parts.push(await archive.put(part));
    return parts;
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it does not answer';
    onError(`Redis is left out: ${reason} --without-redis says that this is wanted.`);
    return null;
  } finally {
    redis.disconnect();
  }
}
