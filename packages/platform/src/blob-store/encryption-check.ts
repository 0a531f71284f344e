import { ConfigError, type EncryptionConfig, type EncryptionKey } from '../config.js';
import { type BlobStore, BlobStoreError } from './blob-store.js';
import { isKeyId } from './encryption-format.js';

/** Below it is an object for each key that has written, named by the key's id and encrypted with it. */
const CHECKS_PREFIX = 'encryption/';

/**
 * Finds out whether `keys` are those that the store was written with, and has it remember the first one.
 * @throws {BlobStoreError} `undecryptable` when a key is missing or another.
 */
export async function checkEncryptionKeys(
  store: Pick<BlobStore, 'list' | 'get' | 'putIfAbsent'>,
  keys: readonly EncryptionKey[],
): Promise<void> {
  const used = await usedKeyIds(store);
  for (const id of used) {
    if (!keys.some((key) => key.id === id)) {
      throw new BlobStoreError(
        'undecryptable',
        `The store holds objects of the key "${id}", which is not in ENCRYPTION_KEYS. Add it; to do without it, run npm run rotate-keys first.`,
      );
    }
    await store.get(CHECKS_PREFIX + id).catch((error: unknown) => {
      if (!isUndecryptable(error)) throw error;
      throw new BlobStoreError(
        'undecryptable',
        `The key "${id}" in ENCRYPTION_KEYS is not the key "${id}" that this store was written with. Put that one back, and give a new key a new id.`,
      );
    });
  }
  const [first] = keys;
  if (first && !used.includes(first.id)) {
    await store.putIfAbsent(CHECKS_PREFIX + first.id, Buffer.from(`This store is written with the key ${first.id}.\n`));
  }
}

/**
 * {@link checkEncryptionKeys} for the start of a process. A store that does not answer is no reason to stop; its own check
 * finds wrong keys when it is back.
 * @throws {ConfigError} when a key is missing or another.
 */
export async function verifyEncryptionKeys(
  store: Pick<BlobStore, 'list' | 'get' | 'putIfAbsent'>,
  { keys }: Pick<EncryptionConfig, 'keys'>,
): Promise<void> {
  try {
    await checkEncryptionKeys(store, keys);
  } catch (error) {
    if (isUndecryptable(error)) throw new ConfigError(error.message, { cause: error });
  }
}

/** Has the store forget every key but the first, once nothing is encrypted with the others. */
export async function forgetEncryptionKeys(
  store: Pick<BlobStore, 'list' | 'delete'>,
  [first]: readonly EncryptionKey[],
): Promise<void> {
  const ids = (await usedKeyIds(store)).filter((id) => id !== first?.id);
  await store.delete(ids.map((id) => CHECKS_PREFIX + id));
}

async function usedKeyIds(store: Pick<BlobStore, 'list'>): Promise<string[]> {
  const objects = await store.list(CHECKS_PREFIX);
  return objects.map(({ key }) => key.slice(CHECKS_PREFIX.length)).filter(isKeyId);
}

function isUndecryptable(error: unknown): error is BlobStoreError {
  return error instanceof BlobStoreError && error.code === 'undecryptable';
}
