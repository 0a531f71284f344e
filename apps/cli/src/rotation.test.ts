import { randomBytes } from 'node:crypto';
import { embeddingKey } from '@rollcall/contracts';
import {
  connectForRequests,
  createBlobStore,
  createErasures,
  type EncryptedBlobStore,
  type EncryptionKey,
  type Erasures,
} from '@rollcall/platform';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../../../test/src/support/redis.js';
import { temporaryFolder } from '../../../test/src/support/rollcall.js';
import { createRotation } from './rotation.js';

const KEYS: EncryptionKey[] = ['k2', 'k1'].map((id) => ({ id, key: randomBytes(32) }));
const PHOTO = 'employees/7/face_1.jpg';

let server: RedisServer;
let redis: ReturnType<typeof connectForRequests>;
let erasures: Erasures;
let folder: ReturnType<typeof temporaryFolder>;
let store: EncryptedBlobStore;

beforeAll(async () => {
  server = await startRedis();
  redis = connectForRequests(server.url);
  await new Promise((resolve) => redis.once('ready', resolve));
  erasures = createErasures(redis, 1);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

beforeEach(async () => {
  await redis.flushall();
  folder = temporaryFolder();
  const plain = createBlobStore({ s3: undefined, dataDir: folder.path });
  for (const key of [PHOTO, embeddingKey(PHOTO)]) await plain.put(key, Buffer.from(key));
  store = createBlobStore({ s3: undefined, dataDir: folder.path, encryption: { keys: KEYS, strict: false } });
  return () => folder.remove();
});

it('encrypts what is not yet', async () => {
  const rotate = createRotation({ store, erasures });
  expect([await rotate(PHOTO), await rotate(PHOTO), await rotate('employees/7/face_2.jpg')]).toEqual([
    'encrypted',
    'current',
    'current',
  ]);
  expect(Buffer.from((await store.get(PHOTO))?.bytes ?? []).toString()).toBe(PHOTO);
});

const subjects: [string, string, string][] = [
  ['a photo whose employee', PHOTO, '7'],
  ['an embedding whose employee', embeddingKey(PHOTO), '7'],
  ['a photo that', PHOTO, PHOTO],
  ['an embedding whose photo', embeddingKey(PHOTO), PHOTO],
];

it.each(subjects)('does not bring back %s is erased while it is in hand', async (_, key, subject) => {
  // The deletion came between the reading and the writing, which therefore made the object anew.
  const late: EncryptedBlobStore = {
    ...store,
    async reencrypt(name) {
      const written = await store.reencrypt(name);
      await erasures.mark(subject, Date.now());
      return written;
    },
  };
  expect(await createRotation({ store: late, erasures })(key)).toBe('erased');
  expect(await store.get(key)).toBeUndefined();
});

it('deletes what a write that failed has left of somebody erased', async () => {
  const late: EncryptedBlobStore = {
    ...store,
    async reencrypt(name) {
      await store.reencrypt(name);
      await erasures.mark('7', Date.now());
      throw new Error('no answer in time');
    },
  };
  await expect(createRotation({ store: late, erasures })(PHOTO)).rejects.toThrow('no answer in time');
  expect(await store.get(PHOTO)).toBeUndefined();
});

it.each(subjects)('leaves %s is being erased', async (_, key, subject) => {
  await erasures.mark(subject, 0);
  const rotate = createRotation({ store, erasures });
  expect(await rotate(key)).toBe('left');
  expect(await store.isCurrent(key)).toBe(false);
  await store.delete([key]);
  expect(await rotate(key)).toBe('erased');
  // Enrolled again.
  await store.put(key, Buffer.from('new'));
  expect(await rotate(key)).toBe('current');
});

it("does not take another's erasure for this one's", async () => {
  for (const subject of ['8', 'employees/7/face_2.jpg', '']) await erasures.mark(subject, Date.now());
  expect(await createRotation({ store, erasures })(PHOTO)).toBe('encrypted');
});
