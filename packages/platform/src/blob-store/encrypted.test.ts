import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, type EncryptionKey } from '../config.js';
import { blobStoreContract } from './blob-store.contract.js';
import type { BlobStore } from './blob-store.js';
import { createEncryptedBlobStore, type EncryptedBlobStore } from './encrypted.js';
import { forgetEncryptionKeys, verifyEncryptionKeys } from './encryption-check.js';
import { encryptionOverhead } from './encryption-format.js';
import { createFilesystemBlobStore } from './filesystem.js';

const K1: EncryptionKey = { id: 'k1', key: randomBytes(32) };
const K2: EncryptionKey = { id: 'second_key-2', key: randomBytes(32) };
/** Another key under the id of the first. */
const FALSE_K1: EncryptionKey = { id: 'k1', key: randomBytes(32) };

const roots: string[] = [];

async function newRoot(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'rollcall-encrypted-'));
  roots.push(root);
  return root;
}

afterAll(() => Promise.all(roots.map((root) => rm(root, { recursive: true }))));

blobStoreContract('the encrypted store', async () => {
  const root = await newRoot();
  return {
    store: createEncryptedBlobStore(createFilesystemBlobStore({ root }), { keys: [K1, K2], strict: true }),
    makeFolder: (prefix) => mkdir(join(root, prefix), { recursive: true }),
    storedSize: (bytes) => bytes + encryptionOverhead(K1.id),
  };
});

blobStoreContract('the store without keys', async () => {
  const root = await newRoot();
  return {
    store: createEncryptedBlobStore(createFilesystemBlobStore({ root }), { keys: [], strict: false }),
    makeFolder: (prefix) => mkdir(join(root, prefix), { recursive: true }),
  };
});

describe('the encrypted store', () => {
  const KEY = 'employees/7/face_1.jpg';
  const PHOTO = Buffer.concat([Buffer.of(0xff, 0xd8, 0xff, 0xe0), randomBytes(2000)]);

  let root: string;
  let inner: BlobStore;
  beforeEach(async () => {
    root = await newRoot();
    inner = createFilesystemBlobStore({ root });
  });

  const withKeys = (...keys: EncryptionKey[]): EncryptedBlobStore =>
    createEncryptedBlobStore(inner, { keys, strict: false });
  const strictWithKeys = (...keys: EncryptionKey[]) => createEncryptedBlobStore(inner, { keys, strict: true });
  const raw = (key = KEY) => readFile(join(root, key));
  const content = async (store: BlobStore, key = KEY) => Buffer.from((await store.get(key))?.bytes ?? []);
  const undecryptable = (message: string | RegExp) => ({
    name: 'BlobStoreError',
    code: 'undecryptable',
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  });
  const CHANGED = undecryptable(
    `${KEY} cannot be decrypted with the key "k1": it was changed, moved, or the key is another. Restore it, or the key.`,
  );
  const DAMAGED = undecryptable(`${KEY} is damaged, or a newer version has written it. Restore it, or store it again.`);

  it('keeps nothing of the content on the disk, and nothing twice in the same bytes', async () => {
    const store = withKeys(K1);
    await store.put(KEY, PHOTO);
    const first = await raw();
    await store.put(KEY, PHOTO);
    const second = await raw();
    expect(first).toHaveLength(PHOTO.length + encryptionOverhead('k1'));
    for (const bytes of [first, second]) {
      for (let start = 0; start + 8 <= PHOTO.length; start += 8) {
        expect(bytes.includes(PHOTO.subarray(start, start + 8))).toBe(false);
      }
    }
    // Magic, version and key id; then the salts differ, and with them the objects' own keys.
    expect(first.subarray(0, 8)).toEqual(second.subarray(0, 8));
    expect(first.subarray(8, 24)).not.toEqual(second.subarray(8, 24));
    expect(await content(store)).toEqual(PHOTO);
  });

  it('reads with every key and writes with the first', async () => {
    await withKeys(K1).put(KEY, PHOTO);
    const both = withKeys(K2, K1);
    expect(await content(both)).toEqual(PHOTO);
    await both.put(KEY, PHOTO);
    expect(await content(withKeys(K2))).toEqual(PHOTO);
    await both.delete([KEY]);
    await both.putIfAbsent(KEY, PHOTO);
    expect(await content(withKeys(K2))).toEqual(PHOTO);
  });

  it('gives out what is plain, unless it is strict', async () => {
    await mkdir(join(root, 'employees/7'), { recursive: true });
    for (const bytes of [PHOTO, Buffer.from('{"plain": true}'), Buffer.of()]) {
      await writeFile(join(root, KEY), bytes);
      expect(await content(withKeys(K1))).toEqual(bytes);
      await expect(strictWithKeys(K1).get(KEY)).rejects.toMatchObject(
        undecryptable(`${KEY} is not encrypted, and ENCRYPTION_STRICT is set. Encrypt it: npm run rotate-keys`),
      );
    }
    expect(await strictWithKeys(K1).get('employees/7/face_2.jpg')).toBeUndefined();
  });

  it('is not strict without a key', () => {
    expect(() => strictWithKeys()).toThrow(ConfigError);
  });

  it.each([
    ['without keys', []],
    ['with other keys', [K2]],
  ])('says which key is missing, %s', async (_, keys) => {
    await withKeys(K1).put(KEY, PHOTO);
    await expect(withKeys(...keys).get(KEY)).rejects.toMatchObject(
      undecryptable(`${KEY} is encrypted with the key "k1", which is not in ENCRYPTION_KEYS; add it.`),
    );
  });

  it('refuses what was encrypted with another key of the same id', async () => {
    await withKeys(K1).put(KEY, PHOTO);
    await expect(withKeys(FALSE_K1).get(KEY)).rejects.toMatchObject(CHANGED);
  });

  it('refuses what was moved or exchanged', async () => {
    const store = withKeys(K1);
    const other = 'employees/8/face_1.jpg';
    await store.put(KEY, PHOTO);
    await store.put(other, PHOTO);
    await rename(join(root, KEY), join(root, 'aside'));
    await rename(join(root, other), join(root, KEY));
    await expect(store.get(KEY)).rejects.toMatchObject(CHANGED);
    await rename(join(root, 'aside'), join(root, other));
    await expect(store.get(other)).rejects.toMatchObject({ code: 'undecryptable' });
  });

  it('refuses whatever was cut off or lengthened', async () => {
    const store = withKeys(K1);
    await store.put(KEY, Buffer.from('short'));
    const whole = await raw();
    // Fewer bytes than the magic's are no encrypted object; only strict readers refuse those.
    for (let length = 4; length < whole.length; length++) {
      await writeFile(join(root, KEY), whole.subarray(0, length));
      const expected = length < encryptionOverhead('k1') ? DAMAGED : CHANGED;
      await expect(store.get(KEY)).rejects.toMatchObject(expected);
    }
    await writeFile(join(root, KEY), Buffer.concat([whole, Buffer.of(0)]));
    await expect(store.get(KEY)).rejects.toMatchObject(CHANGED);
  });

  it('refuses whatever has one bit changed, and tells no content', async () => {
    const store = strictWithKeys(K1);
    await store.put(KEY, Buffer.from('secret'));
    const whole = await raw();
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await writeFile(join(root, KEY), flipped);
      const error: unknown = await store.get(KEY).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'BlobStoreError', code: 'undecryptable' });
      expect(String(error)).not.toContain('secret');
    }
    await writeFile(join(root, KEY), whole);
    expect(await content(store)).toEqual(Buffer.from('secret'));
  });

  it('encrypts again what is plain or of another key, once', async () => {
    await inner.put('employees/7/plain', PHOTO);
    await withKeys(K1).put('employees/7/old', PHOTO);
    const store = strictWithKeys(K2, K1);
    for (const key of ['employees/7/plain', 'employees/7/old']) {
      expect(await store.isCurrent(key)).toBe(false);
      expect(await store.reencrypt(key)).toBe(true);
      expect(await store.isCurrent(key)).toBe(true);
      expect(await content(strictWithKeys(K2), key)).toEqual(PHOTO);
      const bytes = await raw(key);
      expect(await store.reencrypt(key)).toBe(false);
      expect(await raw(key)).toEqual(bytes);
    }
    expect(await store.isCurrent('employees/7/missing')).toBeUndefined();
    expect(await store.reencrypt('employees/7/missing')).toBe(false);
    await withKeys(K1).put(KEY, PHOTO);
    await expect(strictWithKeys(K2).reencrypt(KEY)).rejects.toMatchObject({ code: 'undecryptable' });
  });

  describe('its keys', () => {
    const checks = () => readdir(join(root, 'encryption'));

    it('are remembered, and found to be right', async () => {
      await withKeys().check();
      await expect(checks()).rejects.toMatchObject({ code: 'ENOENT' });
      await Promise.all([withKeys(K1).check(), strictWithKeys(K1).check()]);
      await strictWithKeys(K2, K1).check();
      expect(await checks()).toEqual(['k1', K2.id]);
      await withKeys(K1, K2).check();
    });

    it.each([
      ['no key', [], /^The store holds objects of the key "k1", which is not in ENCRYPTION_KEYS\. Add it/],
      ['another key', [K2], /^The store holds objects of the key "k1", which is not in ENCRYPTION_KEYS\. Add it/],
      [
        'another key of the same id',
        [FALSE_K1],
        /^The key "k1" in ENCRYPTION_KEYS is not the key "k1" that this store/,
      ],
    ])('stop a start with %s', async (_, keys, message) => {
      await withKeys(K1).check();
      const store = withKeys(...keys);
      await expect(store.check()).rejects.toMatchObject(undecryptable(message));
      await expect(verifyEncryptionKeys(store, { keys })).rejects.toMatchObject({
        name: 'ConfigError',
        message: expect.stringMatching(message),
      });
      expect(await checks()).toEqual(['k1']);
    });

    it('do not stop a start while the store does not answer', async () => {
      await writeFile(join(root, 'file'), '');
      const broken = createFilesystemBlobStore({ root: join(root, 'file') });
      const store = createEncryptedBlobStore(broken, { keys: [K1], strict: false });
      await expect(store.check()).rejects.toMatchObject({ code: 'unavailable' });
      await expect(verifyEncryptionKeys(store, { keys: [K1] })).resolves.toBeUndefined();
    });

    it('are forgotten but for the first', async () => {
      await withKeys(K1).check();
      await withKeys(K2, K1).check();
      await forgetEncryptionKeys(withKeys(K2, K1), [K2, K1]);
      expect(await checks()).toEqual([K2.id]);
      await withKeys(K2).check();
    });

    it('are not what somebody else has put beside them', async () => {
      await mkdir(join(root, 'encryption/folder'), { recursive: true });
      await writeFile(join(root, 'encryption/.DS_Store'), 'x');
      await withKeys(K1).check();
    });
  });
});
