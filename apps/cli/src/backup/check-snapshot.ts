import {
  type BlobStore,
  createEncryptedBlobStore,
  type EncryptionConfig,
  verifyEncryptionKeys,
} from '@rollcall/platform';
import { type Archive, DamagedBackupError } from './archive.js';
import { inParallel } from './in-parallel.js';
import { contentsOf, type Snapshot } from './snapshot.js';

/** Reads everything that the snapshot names. @returns what is wrong, a sentence each. */
export async function damageOf(archive: Archive, snapshot: Snapshot): Promise<string[]> {
  const damage: string[] = [];
  await inParallel([...new Set(contentsOf(snapshot))], async (sha256) => {
    try {
      await archive.get(sha256);
    } catch (error) {
      if (!(error instanceof DamagedBackupError)) throw error;
      damage.push(error.message);
    }
  });
  return damage;
}

/**
 * Makes sure that these keys read what the snapshot holds.
 * @throws {ConfigError} when a key is missing or another.
 */
export async function requireKeysOf(archive: Archive, snapshot: Snapshot, encryption: EncryptionConfig): Promise<void> {
  const objects = new Map(snapshot.objects.map((object) => [object.key, object]));
  const inner: Pick<BlobStore, 'list' | 'get' | 'putIfAbsent'> = {
    list: async (prefix) =>
      snapshot.objects
        .filter(({ key }) => key.startsWith(prefix))
        .map(({ key, etag, size }) => ({ key, etag, size, modifiedAt: 0 })),
    async get(key) {
      const object = objects.get(key);
      return object && { bytes: await archive.get(object.sha256), etag: object.etag };
    },
    putIfAbsent: async () => undefined,
  };
  await verifyEncryptionKeys(createEncryptedBlobStore(inner as BlobStore, encryption), encryption);
}
