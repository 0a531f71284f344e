import { ConfigError, type EncryptionConfig } from '../config.js';
import { type BlobStore, BlobStoreError } from './blob-store.js';
import { checkEncryptionKeys } from './encryption-check.js';
import { decryptObject, encryptObject, isEncrypted, keyIdOf } from './encryption-format.js';

/** A store whose objects are encrypted. Their sizes in listings are those of the encrypted objects. */
export interface EncryptedBlobStore extends BlobStore {
  /** Whether the object is encrypted with the first key, by its header; undefined when there is none. */
  isCurrent(key: string): Promise<boolean | undefined>;
  /**
   * Stores the object again, encrypted with the first key, unless it already is or there is none. Resolves with whether it
   * was stored. What others do to the object between its reading and its writing is undone.
   */
  reencrypt(key: string): Promise<boolean>;
}

/**
 * Encrypts what goes into `inner` with the first key, and decrypts what comes out with whichever key it names. Without keys
 * nothing is encrypted. Objects that are not encrypted are given out as they are, unless `strict`.
 *
 * Besides what every {@link BlobStore} rejects with, reading rejects with `undecryptable`, and so does `check` when the keys
 * are not those that the store was written with.
 *
 * @throws {ConfigError} when `strict` has no keys.
 */
export function createEncryptedBlobStore(inner: BlobStore, { keys, strict }: EncryptionConfig): EncryptedBlobStore {
  const [first] = keys;
  if (strict && first === undefined) {
    throw new ConfigError(
      'ENCRYPTION_STRICT is set, so ENCRYPTION_KEYS is needed: id:key, the key from: openssl rand -base64 32',
    );
  }
  const keysById = new Map(keys.map((key) => [key.id, key]));

  const encrypted = (key: string, bytes: Uint8Array) => (first ? encryptObject(first, key, bytes) : bytes);

  function decrypted(key: string, bytes: Uint8Array): Uint8Array {
    if (!isEncrypted(bytes)) return bytes;
    const id = keyIdOf(bytes);
    if (id === undefined) {
      throw undecryptable(`${key} is damaged, or a newer version has written it. Restore it, or store it again.`);
    }
    const decryptionKey = keysById.get(id);
    if (decryptionKey === undefined) {
      throw undecryptable(`${key} is encrypted with the key "${id}", which is not in ENCRYPTION_KEYS; add it.`);
    }
    try {
      return decryptObject(decryptionKey, key, bytes);
    } catch {
      throw undecryptable(
        `${key} cannot be decrypted with the key "${id}": it was changed, moved, or the key is another. Restore it, or the key.`,
      );
    }
  }

  async function get(key: string): Promise<{ bytes: Uint8Array; etag: string } | undefined> {
    const object = await inner.get(key);
    if (object === undefined) return undefined;
    if (strict && !isEncrypted(object.bytes)) {
      throw undecryptable(`${key} is not encrypted, and ENCRYPTION_STRICT is set. Encrypt it: npm run rotate-keys`);
    }
    return { bytes: decrypted(key, object.bytes), etag: object.etag };
  }

  const putIfAbsent: BlobStore['putIfAbsent'] = async (key, bytes) => inner.putIfAbsent(key, encrypted(key, bytes));
  const isOfFirstKey = (bytes: Uint8Array) => first !== undefined && keyIdOf(bytes) === first.id;

  return {
    ...inner,
    put: async (key, bytes) => inner.put(key, encrypted(key, bytes)),
    putIfAbsent,
    get,
    async check() {
      await inner.check();
      await checkEncryptionKeys({ list: inner.list, get, putIfAbsent }, keys);
    },
    async isCurrent(key) {
      const object = await inner.get(key);
      return object && isOfFirstKey(object.bytes);
    },
    async reencrypt(key) {
      const object = await inner.get(key);
      if (object === undefined || isOfFirstKey(object.bytes)) return false;
      await inner.put(key, encrypted(key, decrypted(key, object.bytes)));
      return true;
    },
  };
}

function undecryptable(message: string): BlobStoreError {
  return new BlobStoreError('undecryptable', message);
}
