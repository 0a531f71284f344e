import { parseArgs } from 'node:util';
import { EMPLOYEES_PREFIX, UPLOADS_PREFIX } from '@rollcall/contracts';
import {
  ConfigError,
  createBlobStore,
  type EncryptedBlobStore,
  type EncryptionKey,
  forgetEncryptionKeys,
  loadConfig,
} from '@rollcall/platform';
import { audited } from './audited.js';
import { printJson } from './command.js';
import { ROTATE_KEYS_OPTIONS } from './commands/rotate-keys.js';
import { createErasureReader } from './erasure-reader.js';
import { createProgress } from './progress.js';
import { createRotation, type Rotated } from './rotation.js';

/** Objects in progress at once. */
const PARALLEL = 8;

const HOW_TO_SET_KEYS = `ENCRYPTION_KEYS is not set, so there is no key to encrypt with. Make one with

  openssl rand -base64 32

restart all processes of Rollcall with ENCRYPTION_KEYS=k1:<the key>, and run this again with the same. To change the key,
put the new one in front: ENCRYPTION_KEYS=k2:<the new key>,k1:<the old key>`;

/**
 * Encrypts whatever of the employees is plain or under another key with the first key, while the service goes on, which has
 * to write with that key already. Interrupted, it is simply run again: what is done is skipped.
 *
 * Uploads are not rewritten, for one whose job ends meanwhile would come back; they vanish with their jobs, and as long as
 * one is under another key that key is needed. Where an import or a person replaces a photo in the very moment in which it
 * is rewritten, the old photo stays.
 *
 * @returns the process's exit status: 1 when anything is left that is not encrypted with the first key.
 */
export async function rotateKeys(operands: string[]): Promise<number> {
  const { json } = parseArgs({ args: operands, options: ROTATE_KEYS_OPTIONS }).values;
  const config = loadConfig();
  const { keys } = config.encryption;
  const [first, ...others] = keys;
  if (first === undefined) throw new ConfigError(HOW_TO_SET_KEYS);
  const store = createBlobStore(config);
  await store.check();
  const erasures = await createErasureReader(config);
  const interruption = new AbortController();
  // What is in hand is finished; the second signal ends at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());

  const objects = await objectsBelow(store, EMPLOYEES_PREFIX);
  const counts: Record<Rotated | 'failed', number> = { encrypted: 0, current: 0, erased: 0, left: 0, failed: 0 };
  const progress = createProgress(objects.length, 'objects', json ? process.stderr : process.stdout);
  const rotate = createRotation({ store, erasures });
  await inParallel(objects, interruption.signal, async (key) => {
    try {
      counts[await rotate(key)]++;
    } catch (error) {
      counts.failed++;
      progress.line(`failed    ${key}: ${error instanceof Error ? error.message : error}`);
    }
    progress.step();
  });
  progress.stop();
  if (!json) process.stdout.write(`${objects.length} objects: ${summaryOf(counts)}\n`);
  await audited(config, (record) =>
    record({
      action: 'rotate_keys',
      outcome: counts.failed > 0 ? 'failed' : 'done',
      detail: { key: first.id, ...counts },
    }),
  );

  let uploads = 0;
  await inParallel(await objectsBelow(store, UPLOADS_PREFIX), interruption.signal, async (key) => {
    if ((await store.isCurrent(key)) === false) uploads++;
  });
  const obstacles: [boolean, string][] = [
    [interruption.signal.aborted, 'Interrupted: run it again, and it goes on from here.'],
    [counts.failed > 0, 'Mend what failed, and run it again.'],
    [counts.left > 0, 'What is left was erased in the last minutes: run it again in a few.'],
    [uploads > 0, `${uploads} uploads under another key wait for their jobs: run it again when they are gone.`],
  ];
  const todo = obstacles.flatMap(([isMet, advice]) => (isMet ? [advice] : []));
  if (todo.length === 0) await forgetEncryptionKeys(store, keys);
  if (json) printJson({ key: first.id, objects: objects.length, ...counts, uploads, todo });
  else process.stdout.write(`${(todo.length > 0 ? todo : [completion(first, others)]).join('\n')}\n`);
  await erasures.close();
  store.close();
  return todo.length > 0 ? 1 : 0;
}

async function objectsBelow(store: Pick<EncryptedBlobStore, 'list'>, prefix: string): Promise<string[]> {
  return (await store.list(prefix)).map(({ key }) => key).filter((key) => !key.endsWith('/'));
}

/** Begins nothing more once the signal has come. */
async function inParallel(
  keys: readonly string[],
  signal: AbortSignal,
  work: (key: string) => Promise<void>,
): Promise<void> {
  const queue = keys.values();
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (const key of queue) {
        if (signal.aborted) return;
        await work(key);
      }
    }),
  );
}

function summaryOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ');
}

function completion(first: EncryptionKey, others: readonly EncryptionKey[]): string {
  const done = `Everything is encrypted with the key "${first.id}".`;
  if (others.length === 0) return done;
  return `${done} No longer needed in ENCRYPTION_KEYS: ${others.map(({ id }) => `"${id}"`).join(', ')}.`;
}
