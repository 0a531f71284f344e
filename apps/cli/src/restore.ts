import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EMPLOYEES_PREFIX, employeePrefix, isReferencePhoto } from '@rollcall/contracts';
import {
  type AuditErasures,
  auditLogFiles,
  type Config,
  ConfigError,
  createAuditLog,
  createBlobStore,
  createRawBlobStore,
  loadConfig,
  readAudit,
  revokeToken,
} from '@rollcall/platform';
import { type Archive, openArchive } from './backup/archive.js';
import { damageOf, requireKeysOf } from './backup/check-snapshot.js';
import { type AuditLogPlace, erasuresIn } from './backup/erased-since.js';
import { missingRoles, restoreFiles, withAuditCopy } from './backup/restore-files.js';
import { restoreObjects } from './backup/restore-objects.js';
import { privateRedisFile, writeRedisData } from './backup/restore-redis.js';
import type { SavedFile, Snapshot } from './backup/snapshot.js';
import { printJson } from './command.js';
import { RESTORE_OPTIONS } from './commands/restore.js';
import { findPrivateRedis } from './private-redis.js';
import { createProgress } from './progress.js';

interface Wishes {
  readonly snapshot: string | undefined;
  readonly force: boolean;
  /** More audit logs that may know of erasures. */
  readonly audit: readonly string[];
  readonly withAudit: boolean;
  readonly withRedis: boolean;
  readonly redisFile: string | undefined;
  readonly json: boolean;
}

/**
 * Brings a backup back into an empty Rollcall that does not run. What is damaged is found before anything is written; who was
 * erased since the backup does not come back.
 * @returns the process's exit status: 1 when the backup is damaged, or anything is not as it was.
 */
export async function restore(operands: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: operands,
    allowPositionals: true,
    options: RESTORE_OPTIONS,
  });
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) throw new ConfigError('From which folder? rollcall restore FOLDER');
  const archiveStore = createRawBlobStore({ s3: undefined, dataDir: resolve(path) });
  try {
    const archive = await openArchive(archiveStore);
    const wishes: Wishes = {
      snapshot: values.snapshot,
      force: values.force,
      audit: values.audit ?? [],
      withAudit: !values['without-audit'],
      withRedis: !values['without-redis'],
      redisFile: values['redis-file'],
      json: values.json,
    };
    return await (values.check ? check(archive, path, wishes) : bringBack(archive, path, wishes));
  } finally {
    archiveStore.close();
  }
}

async function check(archive: Archive, path: string, { snapshot: wanted, json }: Wishes): Promise<number> {
  const snapshots: { name: string; damage: string[] }[] = [];
  for (const name of wanted === undefined ? await namesIn(archive, path) : [wanted]) {
    const damage = await archive.open(name).then(
      (snapshot) => damageOf(archive, snapshot),
      (error: unknown) => [error instanceof Error ? error.message : `${error}`],
    );
    snapshots.push({ name, damage });
    if (!json) print(`snapshot ${name}: ${damage.length === 0 ? 'whole' : damage.join(' ')}`);
  }
  if (json) printJson({ snapshots });
  return snapshots.some(({ damage }) => damage.length > 0) ? 1 : 0;
}

async function bringBack(archive: Archive, path: string, wishes: Wishes): Promise<number> {
  const config = loadConfig();
  const names = await namesIn(archive, path);
  const name = wishes.snapshot ?? names.at(-1) ?? '';
  if (!names.includes(name)) throw new ConfigError(`There is no snapshot ${name}. There are:\n  ${names.join('\n  ')}`);
  const snapshot = await archive.open(name);
  const damage = await damageOf(archive, snapshot);
  if (damage.length > 0) {
    if (wishes.json) printJson({ snapshot: name, damage });
    else print(`snapshot ${name} is damaged, so nothing was restored:\n  ${damage.join('\n  ')}`);
    return 1;
  }
  await requireKeysOf(archive, snapshot, config.encryption);
  if (config.redisUrl === undefined && (await findPrivateRedis(config.dataDir)) !== undefined) {
    throw new ConfigError(`A Rollcall runs on ${config.dataDir}. Stop it first.`);
  }
  const store = createRawBlobStore(config);
  if (!wishes.force && (await store.folders(EMPLOYEES_PREFIX, { limit: 1 })).length > 0) {
    throw new ConfigError(
      'There are employees in the store already. --force puts those of the backup beside and over them.',
    );
  }
  const roles = await missingRoles(snapshot, config);
  if (!wishes.withAudit) for (const role of ['audit', 'audit_key'] as const) roles.delete(role);
  const erasures = wishes.withAudit ? await erasuresSince(archive, snapshot, config, wishes) : [];

  const progress = createProgress(snapshot.objects.length, 'objects', wishes.json ? process.stderr : process.stdout);
  const onDone = () => progress.step();
  const { restored, erased, wrong } = await restoreObjects({ store, archive, snapshot, erasures, onDone });
  progress.stop();
  store.close();
  const reader = createBlobStore(config);
  await reader.check();
  reader.close();
  await restoreFiles(archive, snapshot, config, roles);
  if (roles.has('tokens')) await revokeAgain(config, erasures);
  if (wishes.withAudit)
    await noteRestore(config, erasures, erased, { snapshot: name, restored, erased: erased.length });
  const redis = await restoreRedis(archive, snapshot, config, wishes, erased.length > 0);
  const until = knownUntil(erasures) ?? snapshot.started_at;
  if (wishes.json) {
    printJson({
      ...{ snapshot: name, restored, erased: erased.length, wrong, files: [...roles], redis },
      erasures_known_until: until,
    });
  } else {
    print(`snapshot ${name}: ${restored} objects restored, ${erased.length} left out because they were erased since`);
    for (const key of wrong) print(`not as it was put: ${key}`);
    print(filesLine(snapshot, roles));
    print(`Redis: ${redis}`);
    print(
      `Erasures are known until ${until}: whoever was erased later, or at an API whose audit log was not here, has to be ` +
        'erased again.',
    );
  }
  return wrong.length > 0 ? 1 : 0;
}

async function namesIn(archive: Archive, path: string): Promise<string[]> {
  const names = await archive.snapshots();
  if (names.length === 0) throw new ConfigError(`There is no backup in ${path}.`);
  return names;
}

/** From the log on this machine, the one of the newest snapshot, and those that were named. */
async function erasuresSince(
  archive: Archive,
  snapshot: Snapshot,
  config: Config,
  { audit }: Wishes,
): Promise<AuditErasures[]> {
  const since = new Date(snapshot.started_at);
  const named: AuditLogPlace[] = audit.map((file) => ({ file: resolve(file), key: config.audit.key }));
  const { logs } = await auditLogFiles(config.audit.file);
  const found = await erasuresIn([...named, ...(logs.length > 0 ? [config.audit] : [])], since);
  const newest = await archive.open((await archive.snapshots()).at(-1) ?? '');
  if (newest.files.some(({ role }) => role === 'audit')) {
    found.push(...(await withAuditCopy(archive, newest, config.audit, (place) => erasuresIn([place], since))));
  }
  if (found.length > 0) return found;
  throw new ConfigError(
    'There is no audit log, neither here nor in the backup, that could tell who was erased since. Name copies with --audit FILE; ' +
      'or say --without-audit, and erase again whoever was erased since.',
  );
}

/** A token that was revoked after the backup must not come back either. */
async function revokeAgain({ apiTokensFile }: Config, erasures: readonly AuditErasures[]): Promise<void> {
  for (const id of new Set(erasures.flatMap(({ revokedTokens }) => [...revokedTokens]))) {
    // One that the file does not have, or has as revoked, needs nothing.
    await revokeToken(apiTokensFile, id).catch((error: unknown) => {
      if (!(error instanceof ConfigError)) throw error;
    });
  }
}

/**
 * Notes what was left out as erased, so that the next backup and restore know it from this log alone, and makes unreadable
 * whoever of them is named in the lines of the restored log.
 */
async function noteRestore(
  config: Config,
  erasures: readonly AuditErasures[],
  erased: readonly string[],
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  const errors: unknown[] = [];
  const log = createAuditLog({ ...config.audit, onError: (error) => errors.push(error) });
  const isErased = (employee: string) => erasures.some((known) => known.employeeErasedAt(employee) !== undefined);
  const employees = new Set<string>();
  for (const key of erased) {
    const [employee = ''] = key.slice(EMPLOYEES_PREFIX.length).split('/');
    if (isErased(employee)) employees.add(employee);
    else if (isReferencePhoto(employeePrefix(employee), key)) {
      await log.record({ action: 'erase_photo', outcome: 'not_restored', employee, photo: key });
    }
  }
  for (const employee of employees) await log.record({ action: 'erase', outcome: 'not_restored', employee });
  for await (const { employee } of readAudit(config.audit)) {
    if (employee && isErased(employee)) employees.add(employee);
  }
  for (const employee of employees) await log.redact(employee);
  await log.record({ action: 'restore', outcome: 'done', detail });
  await log.close();
  if (errors.length > 0) throw errors[0];
}

async function restoreRedis(
  archive: Archive,
  { redis }: Snapshot,
  { redisUrl, dataDir }: Config,
  { withRedis, redisFile }: Wishes,
  isAnybodyErased: boolean,
): Promise<string> {
  if (!redis || !withRedis) return 'left out';
  if (isAnybodyErased) return 'left out, because its jobs may name who was erased since';
  if (redisFile === undefined && redisUrl !== undefined) {
    return 'left out, because it is not a private one; --redis-file FILE writes its data (RDB) for it to start with';
  }
  const file = redisFile ?? privateRedisFile(dataDir);
  if (file === undefined) return `left out, because there is data in ${dataDir}/redis already`;
  await writeRedisData(archive, redis, file);
  return `its data is in ${file}`;
}

function filesLine({ files }: Snapshot, roles: ReadonlySet<SavedFile['role']>): string {
  const NAMES = { tokens: 'access tokens', audit: 'audit log', audit_key: "audit log's key" };
  const all = [...new Set(files.map(({ role }) => role))];
  const list = (chosen: typeof all) => chosen.map((role) => NAMES[role]).join(', ') || 'nothing';
  return `files: ${list(all.filter((role) => roles.has(role)))} restored; ${list(all.filter((role) => !roles.has(role)))} left as it is`;
}

function knownUntil(erasures: readonly AuditErasures[]): string | undefined {
  const times = erasures.flatMap((known) => known.knownUntil ?? []);
  return times.length > 0 ? new Date(Math.max(...times)).toISOString() : undefined;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
