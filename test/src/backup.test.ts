import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBlobStore, loadConfig } from '@rollcall/platform';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { form, photo, photoPath, post } from './support/client.js';
import { isMinioMissing, startMinio } from './support/minio.js';
import { startRedis } from './support/redis.js';
import { startSystem, startWorker, temporaryFolder } from './support/rollcall.js';
import { runNode } from './support/run.js';

// Each starts several systems.
vi.setConfig({ testTimeout: 120_000 });

const CLI = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));
/** Exit status of a process that a person must help: EX_CONFIG. */
const CONFIGURATION = 78;
const KEYS = `k1:${Buffer.alloc(32, 1).toString('base64')}`;
const AUDIT_KEY = Buffer.alloc(32, 2).toString('base64');

// biome-ignore lint/style/noProcessEnv: the commands need to find redis-server
const PATH = process.env.PATH ?? '';

let folder: ReturnType<typeof temporaryFolder>;
let dataDir: string;
let archive: string;
beforeEach(() => {
  folder = temporaryFolder();
  dataDir = join(folder.path, 'data');
  archive = join(folder.path, 'backup');
});
afterEach(() => folder.remove());

const settings = (changes: Record<string, string> = {}): Record<string, string> => ({
  PATH,
  DATA_DIR: dataDir,
  WORKER_PROCESSES: '1',
  PORT: '0',
  SYNC_TIMEOUT_MS: '60000',
  ENCRYPTION_KEYS: KEYS,
  AUDIT_KEY,
  ...changes,
});
const run = (operands: string[], changes: Record<string, string> = {}) => runNode(CLI, operands, settings(changes));

/** 1001 has two photos of person A, 1002 one of person B. */
async function enrol(changes: Record<string, string> = {}): Promise<void> {
  const source = join(folder.path, 'source');
  for (const [employee, files] of [
    ['1001', ['person_a_1.jpg', 'person_a_2.jpg']],
    ['1002', ['person_b_1.jpg']],
  ] as const) {
    mkdirSync(join(source, employee), { recursive: true });
    for (const [index, file] of files.entries()) {
      copyFileSync(photoPath(file), join(source, employee, `face_${index + 1}.jpg`));
    }
  }
  expect(await run(['import', source], changes)).toMatchObject({ code: 0 });
}

async function statusOf(url: string, employee: string, file: string, token: string): Promise<number> {
  const headers = { Authorization: `Bearer ${token}` };
  return (await post(`${url}/recognize_face`, form(employee, await photo(file)), headers)).status;
}

const makeToken = async (name: string) =>
  (await run(['token', 'create', '--name', name, '--scopes', 'admin'])).stdout.trim();

function contents(): string[] {
  return readdirSync(join(archive, 'contents'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.length > 3,
  );
}

describe('backup and restore of one machine', () => {
  it('brings back photos, embeddings, tokens, audit log and queue after everything was lost', async () => {
    await enrol();
    const token = await makeToken('gate');
    const system = await startSystem('start', settings());
    const asked = await post(`${system.url}/recognize_face`, form('1001', await photo('person_a_2.jpg')), {
      Authorization: `Bearer ${token}`,
      'Idempotency-Key': 'one',
    });
    const backup = await run(['backup', archive]);
    expect(backup).toMatchObject({ code: 0, stderr: '' });
    expect(backup.stdout).toMatch(/7 objects \(7 copied, .*\), access tokens, audit log, Redis$/m);
    expect(backup.stdout).toContain("ENCRYPTION_KEYS and the audit log's key");
    await system.stop();
    rmSync(dataDir, { recursive: true });

    const restored = await run(['restore', archive]);
    expect(restored).toMatchObject({ code: 0, stderr: '' });
    expect(restored.stdout).toContain('7 objects restored, 0 left out');
    const again = await startSystem('start', settings());
    expect(await statusOf(again.url, '1001', 'person_a_2.jpg', token)).toBe(200);
    expect(await statusOf(again.url, '1001', 'person_b_2.jpg', token)).toBe(400);
    expect(await statusOf(again.url, '1002', 'person_b_2.jpg', token)).toBe(200);
    // The queue remembers what it was asked under which key.
    const repeated = await post(`${again.url}/recognize_face`, form('1001', await photo('person_a_2.jpg')), {
      Authorization: `Bearer ${token}`,
      'Idempotency-Key': 'one',
    });
    expect(repeated.body).toEqual(asked.body);
    await again.stop();
    expect(await run(['audit', 'verify'])).toMatchObject({ code: 0 });
    // Nothing had to be embedded again.
    expect((await run(['reindex'])).stdout).toContain('2 employees: 0 photos embedded, 0 left');
  });

  it('copies only what is new', async () => {
    await enrol();
    expect((await run(['backup', archive, '--without-redis'])).stdout).toContain('7 objects (7 copied');
    expect((await run(['backup', archive, '--without-redis'])).stdout).toContain('7 objects (0 copied');
    rmSync(join(dataDir, 'employees/1001/face_1.jpg'));
    copyFileSync(photoPath('person_a_1.jpg'), join(dataDir, 'employees/1001/face_3.jpg'));
    expect((await run(['backup', archive, '--without-redis'])).stdout).toContain('7 objects (1 copied');
  });

  it('finds what is damaged or missing, and then restores nothing', async () => {
    await enrol();
    await run(['backup', archive, '--without-redis']);
    expect(await run(['restore', archive, '--check'])).toMatchObject({ code: 0 });
    const [one = '', other = ''] = contents().map((name) => join(archive, 'contents', name));
    const bytes = readFileSync(one);
    bytes.writeUInt8(bytes.readUInt8(60) ^ 1, 60);
    writeFileSync(one, bytes);
    rmSync(other);
    rmSync(dataDir, { recursive: true });
    for (const operands of [
      ['restore', archive, '--check'],
      ['restore', archive],
    ]) {
      const { code, stdout } = await run(operands);
      expect(code).toBe(1);
      expect(stdout).toContain('is damaged.');
      expect(stdout).toContain('is missing.');
    }
    expect(readdirSync(folder.path)).not.toContain('data/employees');

    const [snapshot = ''] = readdirSync(join(archive, 'snapshots'));
    const path = join(archive, 'snapshots', snapshot);
    writeFileSync(path, readFileSync(path, 'utf8').replace('face_1', 'face_9'));
    expect((await run(['restore', archive, '--check'])).stdout).toContain('damaged or missing');
  });

  it('wants an empty store, the right keys, and a Rollcall that does not run', async () => {
    await enrol();
    await run(['backup', archive, '--without-redis']);
    expect(await run(['restore', archive])).toMatchObject({
      code: CONFIGURATION,
      stderr: expect.stringContaining('already. --force'),
    });
    expect(await run(['restore', archive, '--force'])).toMatchObject({ code: 0 });
    const system = await startSystem('start', settings());
    expect(await run(['restore', archive, '--force'])).toMatchObject({
      code: CONFIGURATION,
      stderr: expect.stringContaining('Stop it first'),
    });
    await system.stop();
    rmSync(dataDir, { recursive: true });
    for (const [keys, message] of [
      ['', '"k1", which is not in ENCRYPTION_KEYS'],
      [`k1:${Buffer.alloc(32, 9).toString('base64')}`, 'is not the key "k1"'],
    ] as const) {
      const { code, stderr } = await run(['restore', archive], { ENCRYPTION_KEYS: keys });
      expect(code).toBe(CONFIGURATION);
      expect(stderr).toContain(message);
    }
    const other = Buffer.alloc(32, 9).toString('base64');
    expect((await run(['restore', archive], { AUDIT_KEY: other })).stderr).toContain('AUDIT_KEY');
    expect(await run(['restore', archive])).toMatchObject({ code: 0 });
  });
});

describe('who was erased', () => {
  it('does not come back by a restore, and leaves the backups', async () => {
    await enrol();
    const [token, leaver] = [await makeToken('gate'), await makeToken('leaver')];
    const system = await startSystem('start', settings());
    expect(await statusOf(system.url, '1002', 'person_b_2.jpg', token)).toBe(200);
    const old = await run(['backup', archive]);
    const erase = (path: string) =>
      fetch(`${system.url}/v1/employees/${path}`, { method: 'DELETE', headers: { Authorization: `Bearer ${token}` } });
    expect((await erase('1002')).status).toBe(200);
    expect((await erase('1001/faces/face_2.jpg')).status).toBe(200);
    expect(await run(['token', 'revoke', leaver])).toMatchObject({ code: 0 });
    const copy = join(folder.path, 'shipped');
    mkdirSync(copy);
    copyFileSync(join(dataDir, 'audit.jsonl'), join(copy, 'audit.jsonl'));
    await system.stop();
    rmSync(dataDir, { recursive: true });

    // Only the shipped copy of the audit log knows of it.
    const restored = await run(['restore', archive, '--audit', join(copy, 'audit.jsonl')]);
    expect(restored).toMatchObject({ code: 0 });
    expect(restored.stdout).toContain('3 objects restored, 4 left out because they were erased since');
    expect(restored.stdout).toContain('its jobs may name who was erased');
    expect(readdirSync(join(dataDir, 'employees'))).toEqual(['1001']);
    expect(readFileSync(join(dataDir, 'audit.jsonl'), 'utf8')).not.toContain('"1002"');
    expect(await run(['audit', 'verify'])).toMatchObject({ code: 0 });

    const again = await startSystem('start', settings());
    expect(await statusOf(again.url, '1001', 'person_a_2.jpg', token)).toBe(200);
    expect(await statusOf(again.url, '1002', 'person_b_2.jpg', token)).toBe(404);
    expect(await statusOf(again.url, '1001', 'person_a_2.jpg', leaver)).toBe(401);
    // The next backup knows of it too, and takes who was erased out of the one before.
    const next = await run(['backup', archive]);
    expect(next.stdout).toMatch(/removed: 0 snapshots .* 4 objects of who was erased/);
    await again.stop();
    const [first = ''] = readdirSync(join(archive, 'snapshots')).sort();
    expect(old.stdout).not.toContain(first);
    expect(readFileSync(join(archive, 'snapshots', first), 'utf8')).not.toContain('employees/1002');
  });
});

describe.skipIf(isMinioMissing())('backup and restore with Redis and S3', () => {
  it('brings everything into another bucket and another Redis', async () => {
    const [minio, redis] = await Promise.all([
      startMinio(),
      startRedis({ user: { name: 'rollcall', password: 'secret' } }),
    ]);
    const external = {
      REDIS_URL: redis.url,
      MINIO_ENDPOINT: `${minio.endPoint}:${minio.port}`,
      MINIO_ACCESS_KEY: minio.accessKey,
      MINIO_SECRET_KEY: minio.secretKey,
    };
    await enrol(external);
    const client = new Redis(redis.url);
    for (let index = 0; index < 2_000; index++) await client.set(`key ${index}`, 'x'.repeat(500));
    client.disconnect();
    expect(await run(['backup', archive], external)).toMatchObject({ code: 0, stderr: '' });
    expect((await run(['backup', archive], external)).stdout).toContain('7 objects (0 copied');

    const rdb = join(folder.path, 'redis.rdb');
    const elsewhere = { ...external, MINIO_BUCKET: 'another' };
    const restored = await run(['restore', archive, '--redis-file', rdb], elsewhere);
    expect(restored).toMatchObject({ code: 0, stderr: '' });
    const store = createBlobStore(loadConfig(settings(elsewhere)));
    const photos = (await store.list('employees/')).filter(({ key }) => !key.includes('.rollcall'));
    expect(photos.map(({ key }) => key)).toHaveLength(3);
    expect((await store.get('employees/1002/face_1.jpg'))?.bytes).toEqual(readFileSync(photoPath('person_b_1.jpg')));
    store.close();

    // A new Redis starts with its data.
    const other = await startRedis({ data: rdb });
    const another = new Redis(other.url);
    expect(await another.dbsize()).toBe(2_000);
    expect(await another.get('key 1999')).toBe('x'.repeat(500));
    another.disconnect();
    const changes = { ...elsewhere, REDIS_URL: other.url };
    const [api, worker] = await Promise.all([startSystem('api', settings(changes)), startWorker(settings(changes))]);
    const answer = await post(`${api.url}/recognize_face`, form('1002', await photo('person_b_2.jpg')));
    expect(answer.status).toBe(200);
    await worker.stop();
    await api.stop();
    await other.stop();
    await redis.stop();
    await minio.stop();
  });
});
