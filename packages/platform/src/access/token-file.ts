import { type FileHandle, mkdir, open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gateSchema, scopeSchema } from '@rollcall/contracts';
import { z } from 'zod';
import { syncFolder } from '../blob-store/durable-write.js';
import { errnoOf, toFilesystemError } from '../blob-store/filesystem-errors.js';
import { ConfigError } from '../config.js';
import { withTimeout } from '../with-timeout.js';
import { HASH_BYTES, SALT_BYTES, TOKEN_ID } from './token.js';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const READ_TIMEOUT_MS = 10_000;

/** How long a command waits for another that changes the file. */
const LOCK_PATIENCE_MS = 5_000;
const LOCK_RETRY_MS = 20;

const moment = z.iso.datetime({ offset: true });
const hex = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`), `must be ${bytes} bytes in hex`);

/** For tables and log lines, so without line breaks and other characters that cannot be seen. */
export const tokenNameSchema = z
  .string()
  .regex(/^(?! )[^\p{C}\p{Zl}\p{Zp}]{1,64}(?<! )$/u, 'a token is named with up to 64 visible characters');

/** Strict: a misspelt `revoked_at` must not leave a token valid. */
const storedTokenSchema = z.strictObject({
  id: z.string().regex(TOKEN_ID, 'is no token id'),
  name: tokenNameSchema,
  scopes: z.array(scopeSchema).min(1),
  /** Without it the token is for every gate. */
  gates: z.array(gateSchema).min(1).optional(),
  created_at: moment,
  expires_at: moment.optional(),
  revoked_at: moment.optional(),
  salt: hex(SALT_BYTES),
  hash: hex(HASH_BYTES),
});
export type StoredToken = z.infer<typeof storedTokenSchema>;

const fileSchema = z.strictObject({
  version: z.literal(1),
  tokens: z
    .array(storedTokenSchema)
    .refine((tokens) => new Set(tokens.map(({ id }) => id)).size === tokens.length, 'two tokens have the same id'),
});

/** Changes whenever the file does, even to another of the same size; undefined when there is none. */
export async function versionOf(file: string): Promise<string | undefined> {
  const stats = await attempt('read the access tokens', file, orAbsent(stat(file, { bigint: true })));
  return stats && [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':');
}

/**
 * The tokens in the file, undefined when there is none.
 * @throws {ConfigError} that says why the file cannot be used, and repeats nothing of it.
 */
export async function readTokens(file: string): Promise<StoredToken[] | undefined> {
  const text = await attempt('read the access tokens', file, orAbsent(readFile(file, 'utf8')));
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ConfigError(`The access tokens file ${file} is not JSON; restore it from a copy.`);
  }
  const parsed = fileSchema.safeParse(json);
  if (parsed.success) return parsed.data.tokens;
  const lines = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}`);
  throw new ConfigError(`The access tokens file ${file} is wrong:\n  ${lines.join('\n  ')}`);
}

/**
 * Has `change` alter the tokens, which then replace the file's at once, on the disk too. One change at a time, in whatever
 * process. When `change` throws, the file stays as it is. A link is followed, not replaced.
 * @throws {ConfigError} when the file cannot be used or written, or another change does not end.
 */
export async function updateTokens<T>(file: string, change: (tokens: StoredToken[]) => T): Promise<T> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: FOLDER_MODE });
    const path = (await orAbsent(realpath(file))) ?? file;
    const result = await replace(path, change);
    await syncFolder(dirname(path));
    return result;
  } catch (error) {
    throw explained('store the access tokens', file, error);
  }
}

/** As git does it, the lock is the next file: whoever could make it writes it and moves it to its place. */
async function replace<T>(path: string, change: (tokens: StoredToken[]) => T): Promise<T> {
  const draft = `${path}.lock`;
  const handle = await createAlone(draft);
  try {
    const tokens = (await readTokens(path)) ?? [];
    const result = change(tokens);
    await keepOwner(handle, path);
    await handle.writeFile(`${JSON.stringify({ version: 1, tokens }, null, 2)}\n`);
    await handle.sync();
    await rename(draft, path);
    return result;
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
}

async function createAlone(path: string): Promise<FileHandle> {
  for (let waited = 0; waited < LOCK_PATIENCE_MS; waited += LOCK_RETRY_MS) {
    try {
      return await open(path, 'wx', FILE_MODE);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    await sleep(LOCK_RETRY_MS);
  }
  throw new ConfigError(
    `Another command is changing the access tokens, or was interrupted: ${path} does not go away. ` +
      'If no such command is running, delete that file and try again.',
  );
}

/** A command of the superuser must not take the file from the user that runs the service. */
async function keepOwner(handle: FileHandle, path: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = (await orAbsent(stat(path))) ?? (await stat(dirname(path)));
  await handle.chown(uid, gid);
}

/** Only what is certainly not there counts as absent. */
async function orAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function attempt<T>(operation: string, file: string, work: Promise<T>): Promise<T> {
  try {
    return await withTimeout(work, READ_TIMEOUT_MS);
  } catch (error) {
    throw explained(operation, file, error);
  }
}

function explained(operation: string, file: string, error: unknown): unknown {
  if (errnoOf(error) === undefined) return error;
  return new ConfigError(toFilesystemError(operation, file, error).message, { cause: error });
}
