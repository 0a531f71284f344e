import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEngine, createPhotoAnalyser } from '@rollcall/face-core';
import { createGallery } from '@rollcall/gallery';
import { createBlobStore, loadConfig } from '@rollcall/platform';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { form, get, photo, photoPath, post, remove } from './support/client.js';
import { startRedis } from './support/redis.js';
import { startSystem, temporaryFolder } from './support/rollcall.js';
import { type Ended, runNode } from './support/run.js';
import { until } from './support/until.js';

const CLI = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));
/** Exit status of a process that a person must help: EX_CONFIG. */
const CONFIGURATION = 78;
const MAGIC = Buffer.of(0x93, 0x52, 0x43, 0x45);

// biome-ignore lint/style/noProcessEnv: the commands need to find redis-server
const PATH = process.env.PATH ?? '';

const newKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const K1 = newKey('k1');
const K2 = newKey('k2');

let folder: ReturnType<typeof temporaryFolder>;
let dataDir: string;
beforeEach(() => {
  folder = temporaryFolder();
  dataDir = join(folder.path, 'data');
});
afterEach(() => folder.remove());

function settings(keys: string, changes: Record<string, string> = {}): Record<string, string> {
  return { PATH, DATA_DIR: dataDir, WORKER_PROCESSES: '1', PORT: '0', ENCRYPTION_KEYS: keys, ...changes };
}

const storeWith = (keys: string) => createBlobStore(loadConfig(settings(keys)));
const rotateKeys = (keys: string, changes: Record<string, string> = {}): Promise<Ended> =>
  runNode(CLI, ['rotate-keys'], settings(keys, changes));

/** The objects below a folder of the store, by key, as they lie on the disk. */
function onDisk(prefix: string): Map<string, Buffer> {
  const names = readdirSync(join(dataDir, prefix), { recursive: true, encoding: 'utf8' }).sort();
  const files = names.map((name) => join(prefix, name)).filter((key) => statSync(join(dataDir, key)).isFile());
  return new Map(files.map((key) => [key, readFileSync(join(dataDir, key))]));
}

/** Id of the key that an object is under, "plain" for none. */
function keyOf(bytes: Buffer): string {
  return bytes.subarray(0, 4).equals(MAGIC) ? bytes.subarray(6, 6 + (bytes[5] ?? 0)).toString() : 'plain';
}

const keysOnDisk = (prefix: string) => [...new Set([...onDisk(prefix).values()].map(keyOf))].sort();

const faceOf = (employee: string) => join(dataDir, 'employees', employee, 'face_1.jpg');

/** Folders of `count` employees as they were copied in, each with a photo that nobody can decode. */
function adopt(count: number): string[] {
  const employees = Array.from({ length: count }, (_, i) => `${1000 + i}`);
  for (const employee of employees) {
    mkdirSync(join(dataDir, 'employees', employee), { recursive: true });
    writeFileSync(faceOf(employee), contentOf(employee));
  }
  return employees;
}

const contentOf = (employee: string) => Buffer.alloc(50_000, `${employee} `);

describe('a store with encryption keys', () => {
  it('serves photos of which nothing is readable on the disk', async () => {
    const system = await startSystem('start', settings(K1, { ENCRYPTION_STRICT: 'true' }));
    const image = await photo('person_a_1.jpg');
    expect(await post(`${system.url}/v1/employees/1001/faces`, form(undefined, image))).toMatchObject({ status: 201 });
    const verify = async (name: string) =>
      (await post(`${system.url}/v1/verifications`, form('1001', await photo(name)))).body.verified;
    expect([await verify('person_a_2.jpg'), await verify('impostor_1.jpg')]).toEqual([true, false]);
    const readable = await fetch(`${system.url}/v1/employees/1001/faces/face_1.jpg`);
    expect(readable.headers.get('content-type')).toBe('image/jpeg');
    expect(Buffer.from(await readable.arrayBuffer())).toEqual(image);
    expect(await get(`${system.url}/readyz`)).toMatchObject({ status: 200 });

    const stored = onDisk('employees');
    expect([...stored.keys()]).toEqual([
      'employees/1001/.rollcall/face_1.jpg.embedding.json',
      'employees/1001/face_1.jpg',
    ]);
    expect(keysOnDisk('employees')).toEqual(['k1']);
    for (const bytes of stored.values()) {
      expect(bytes.includes(Buffer.of(0xff, 0xd8, 0xff))).toBe(false);
      expect(bytes.includes('embedding')).toBe(false);
      for (let start = 0; start + 64 <= image.length; start += 64) {
        expect(bytes.includes(image.subarray(start, start + 64))).toBe(false);
      }
    }
    await system.stop();
  });

  it('keeps waiting uploads encrypted', async () => {
    const redis = await startRedis();
    const api = await startSystem('api', settings(K1, { REDIS_URL: redis.url }));
    const image = await photo('person_a_1.jpg');
    const accepted = await post(`${api.url}/v1/verifications`, form('1001', image), { prefer: 'respond-async' });
    expect(accepted.status).toBe(202);
    expect(onDisk('uploads').size).toBe(1);
    expect(keysOnDisk('uploads')).toEqual(['k1']);
    await api.stop();

    // They are not rewritten, and their key stays needed.
    const early = await rotateKeys(`${K2},${K1}`, { REDIS_URL: redis.url });
    expect([early.code, early.stdout]).toEqual([1, expect.stringContaining('1 uploads under another key wait')]);
    expect(keysOnDisk('uploads')).toEqual(['k1']);
    await redis.stop();
  });

  it('does not give one employee the photo of another', async () => {
    const store = storeWith(K1);
    for (const id of ['1001', '1002']) await store.put(`employees/${id}/face_1.jpg`, Buffer.from(id));
    const [one, other] = ['1001', '1002'].map((id) => join(dataDir, `employees/${id}/face_1.jpg`)) as [string, string];
    renameSync(one, `${one}.aside`);
    renameSync(other, one);
    renameSync(`${one}.aside`, other);
    for (const id of ['1001', '1002']) {
      await expect(store.get(`employees/${id}/face_1.jpg`)).rejects.toMatchObject({ code: 'undecryptable' });
    }
  });

  it.each([
    ['another key under the same id', newKey('k1'), 'is not the key "k1" that this store was written with'],
    ['no key', '', 'holds objects of the key "k1", which is not in ENCRYPTION_KEYS. Add it'],
  ])('does not start with %s', async (_, keys, message) => {
    await storeWith(K1).check();
    for (const command of ['start', 'reindex']) {
      const { code, stderr } = await runNode(CLI, [command], settings(keys));
      expect([command, code, stderr]).toEqual([command, CONFIGURATION, expect.stringContaining(message)]);
    }
  });
});

describe('rollcall rotate-keys', () => {
  it('says how to make a key', async () => {
    const { code, stderr } = await rotateKeys('');
    expect([code, stderr]).toEqual([CONFIGURATION, expect.stringContaining('openssl rand -base64 32')]);
  });

  it('encrypts a plain folder, and embeds nothing again', async () => {
    mkdirSync(join(dataDir, 'employees/1001'), { recursive: true });
    for (const [name, file] of [
      ['face_1.jpg', 'person_a_1.jpg'],
      ['face_2.jpg', 'person_a_2.jpg'],
      ['notes.txt', 'person_b_1.jpg'],
    ] as const) {
      copyFileSync(photoPath(file), join(dataDir, 'employees/1001', name));
    }
    let analysed = 0;
    const engine = await createEngine(loadConfig(settings(K1)));
    const analyser = createPhotoAnalyser(engine, { maxPixels: 40_000_000 });
    const galleryWith = (keys: string) =>
      createGallery({
        store: storeWith(keys),
        analyser: {
          ...analyser,
          analyse: (bytes) => {
            analysed++;
            return analyser.analyse(bytes);
          },
        },
      });
    const references = async (keys: string) => {
      const gallery = galleryWith(keys);
      return await gallery.references(await gallery.open('1001'));
    };
    const before = await references('');
    expect([before.length, analysed]).toEqual([2, 2]);

    const { code, stdout } = await rotateKeys(K1);
    expect([code, stdout]).toEqual([0, expect.stringContaining('Everything is encrypted with the key "k1".\n')]);
    expect(stdout).toContain('5 objects: 5 encrypted, 0 current, 0 erased, 0 left, 0 failed');
    expect(keysOnDisk('employees')).toEqual(['k1']);
    expect(await references(K1)).toEqual(before);
    expect((await rotateKeys(`${K2},${K1}`)).stdout).toContain('"k1"');
    expect(await references(K2)).toEqual(before);
    expect(analysed).toBe(2);
    await engine.close();
  });

  it('completes what was killed half way, and then the old key can go', async () => {
    const employees = adopt(1000);
    expect((await rotateKeys(K1)).code).toBe(0);

    const killed = spawn(process.execPath, [CLI, 'rotate-keys'], { env: settings(`${K2},${K1}`), stdio: 'ignore' });
    const exited = once(killed, 'exit');
    await until('it has begun', () => (keyOf(readFileSync(faceOf('1010'))) === 'k2' ? true : undefined));
    killed.kill('SIGKILL');
    await exited;
    expect(keysOnDisk('employees')).toEqual(['k1', 'k2']);
    // Both are needed now, and missed.
    for (const keys of [K1, K2]) expect((await rotateKeys(keys)).code).toBe(CONFIGURATION);

    const { code, stdout } = await rotateKeys(`${K2},${K1}`);
    expect([code, stdout]).toEqual([0, expect.stringContaining('No longer needed in ENCRYPTION_KEYS: "k1".')]);
    const [, encrypted, current] = /^1000 objects: (\d+) encrypted, (\d+) current/.exec(stdout) ?? [];
    expect(Number(encrypted)).toBeGreaterThan(0);
    expect(Number(current)).toBeGreaterThan(0);
    expect(Number(encrypted) + Number(current)).toBe(employees.length);
    expect(keysOnDisk('employees')).toEqual(['k2']);
    expect(readdirSync(join(dataDir, 'encryption'))).toEqual(['k2']);
    const store = createBlobStore(loadConfig(settings(K2, { ENCRYPTION_STRICT: 'true' })));
    await store.check();
    expect((await store.get('employees/1010/face_1.jpg'))?.bytes).toEqual(contentOf('1010'));
  });

  it('goes on after what it cannot decrypt, and keeps the old key', async () => {
    await storeWith(K1).check();
    adopt(3);
    const store = storeWith(K1);
    await store.put('employees/1001/face_1.jpg', Buffer.from('a photo'));
    writeFileSync(join(dataDir, 'employees/1001/face_1.jpg'), readFileSync(join(dataDir, 'encryption/k1')));
    const { code, stdout } = await rotateKeys(`${K2},${K1}`);
    expect(code).toBe(1);
    expect(stdout).toContain('failed    employees/1001/face_1.jpg: employees/1001/face_1.jpg cannot be decrypted');
    expect(stdout).toContain('3 objects: 2 encrypted, 0 current, 0 erased, 0 left, 1 failed');
    expect(readdirSync(join(dataDir, 'encryption')).sort()).toEqual(['k1', 'k2']);
  });

  it('brings nobody back who is erased meanwhile', async () => {
    const employees = adopt(1000);
    const system = await startSystem('start', settings(K1));
    const rotation = rotateKeys(K1);
    await until('it has begun', () => (keyOf(readFileSync(faceOf('1000'))) === 'k1' ? true : undefined));
    // From the end, so that the two meet.
    const erased = employees.slice(500).reverse();
    const queue = erased.values();
    const eraser = async (what: string) => {
      for (const id of queue) {
        expect(await remove(`${system.url}/v1/employees/${id}${what}`)).toMatchObject({ status: 200 });
      }
    };
    await Promise.all(['', '', '/faces/face_1.jpg', '/faces/face_1.jpg'].map(eraser));
    expect((await rotation).stderr).toBe('');
    expect(readdirSync(join(dataDir, 'employees')).filter((id) => erased.includes(id))).toEqual([]);
    expect(await rotateKeys(K1)).toMatchObject({ code: 0 });
    expect(keysOnDisk('employees')).toEqual(['k1']);
    await system.stop();
  });

  it('does not run without the Redis that knows of erasures', async () => {
    adopt(1);
    const { code, stderr } = await rotateKeys(K1, { REDIS_URL: 'redis://127.0.0.1:1' });
    expect([code, stderr]).toEqual([CONFIGURATION, expect.stringContaining('Redis does not answer')]);
    expect(keysOnDisk('employees')).toEqual(['plain']);
  });
});
