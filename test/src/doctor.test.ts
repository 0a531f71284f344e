// `rollcall doctor` against real servers: a healthy set-up, and many that somebody has broken.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBlobStore, loadConfig } from '@rollcall/platform';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority } from './support/certificates.js';
import { photo } from './support/client.js';
import { freePort } from './support/free-port.js';
import { isMinioMissing, type MinioServer, startMinio } from './support/minio.js';
import { areNamespacesMissing } from './support/namespaces.js';
import { type RedisServer, startRedis } from './support/redis.js';
import { startSystem, temporaryFolder } from './support/rollcall.js';
import { type Ended, runNode, runProgram } from './support/run.js';
import { type S3Gateway, startS3Gateway } from './support/s3-gateway.js';
import { createToken } from './support/tokens.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLI = join(ROOT, 'apps/cli/dist/main.js');

// biome-ignore lint/style/noProcessEnv: the doctor needs to find redis-server
const PATH = process.env.PATH ?? '';

const KEY = `k1:${Buffer.alloc(32, 1).toString('base64')}`;
const OTHER_KEY = `k1:${Buffer.alloc(32, 2).toString('base64')}`;

interface Finding {
  readonly name: string;
  readonly status: string;
  readonly seen: string;
  readonly mend: string | null;
}

type Settings = Record<string, string>;

/** What the machine that runs this may itself be warned of, whatever is set up on it. */
const MACHINE = ['cpu', 'memory', 'open-files', 'disk', 'clock'];
let ofMachine: readonly string[] = [];
beforeAll(async () => {
  const here = temporaryFolder();
  const { checks } = diagnosisOf(await runNode(CLI, ['doctor', '--json'], { PATH, DATA_DIR: here.path, PORT: '0' }));
  ofMachine = checks.filter(({ name }) => MACHINE.includes(name)).flatMap(lineOf);
  here.remove();
});

function lineOf({ name, status }: Finding): string[] {
  return status === 'ok' ? [] : [`${name}: ${status}`];
}

let folder: ReturnType<typeof temporaryFolder>;
let data: string;
beforeEach(() => {
  folder = temporaryFolder();
  data = join(folder.path, 'data');
});
afterEach(() => folder.remove());

function settings(changes: Settings = {}): Settings {
  return { PATH, DATA_DIR: data, WORKER_PROCESSES: '1', PORT: '0', ...changes };
}

function diagnosisOf({ code, stdout, stderr }: Ended) {
  expect(stderr).toBe('');
  const { status, checks } = JSON.parse(stdout) as { status: string; checks: Finding[] };
  for (const { name, mend, ...check } of checks) {
    // One sentence with a command.
    expect([name, mend]).toEqual([name, check.status === 'ok' ? null : expect.stringMatching(/^[A-Z].*: \S.*$/)]);
  }
  return {
    code,
    status,
    text: stdout,
    checks,
    wrong: checks.flatMap(lineOf).filter((line) => !ofMachine.includes(line)),
    finding: (wanted: string) => checks.find(({ name }) => name === wanted),
  };
}

async function examine(changes: Settings = {}) {
  return diagnosisOf(await runNode(CLI, ['doctor', '--json'], settings(changes)));
}

/** Everything else is as it should be. */
async function examineBroken(changes: Settings, ...wrong: string[]) {
  const diagnosis = await examine(changes);
  expect(diagnosis.wrong).toEqual(wrong);
  const hasFailed = wrong.some((line) => line.endsWith('failed'));
  expect([diagnosis.code, diagnosis.status]).toEqual(hasFailed ? [1, 'failed'] : [0, 'warning']);
  return diagnosis;
}

describe('a healthy set-up', () => {
  it('is all right before it is started, and is left as it was', async () => {
    const { code, stdout, stderr } = await runNode(CLI, ['doctor'], settings());
    expect([code, stderr]).toEqual([0, '']);
    const mended = ofMachine.length;
    expect(stdout).toContain(`\n\n16 checks: ${16 - mended} ok, ${mended} warning, 0 failed\n`);
    expect(stdout).toMatch(/^ok +redis +REDIS_URL is not set; rollcall start runs redis-server \d/m);
    expect(stdout).toMatch(/^ok +provider +cpu, fp32: sface-2021dec embeds a face in [\d.]+ ms$/m);
    expect(existsSync(data)).toBe(false);
  });

  it('is all right while it runs, with tokens, encryption and an audit log', async () => {
    const changes = { PORT: `${await freePort()}`, ENCRYPTION_KEYS: KEY };
    await createToken(settings(changes), 'gate', 'verify');
    const system = await startSystem('start', settings(changes));
    const before = readdirSync(data, { recursive: true }).sort();
    const diagnosis = await examine(changes);
    expect([diagnosis.wrong, diagnosis.code]).toEqual([[], 0]);
    expect(diagnosis.finding('port')?.seen).toMatch(/^Rollcall answers on 127\.0\.0\.1:\d+, and is ready$/);
    expect(diagnosis.finding('redis')?.seen).toMatch(/^the private one of .*, version \d/);
    expect(diagnosis.finding('redis-aof')?.seen).toBe('on, appendfsync everysec');
    expect(diagnosis.finding('encryption')?.seen).toBe('the key "k1" writes');
    expect(diagnosis.finding('audit-log')?.seen).toMatch(/^\d+ lines as they were written, the key fits$/);
    expect(diagnosis.finding('tokens')?.seen).toBe('1 active');
    expect(readdirSync(data, { recursive: true }).sort()).toEqual(before);
    await system.stop();
  });
});

describe('a Redis', () => {
  let server: RedisServer;
  let client: Redis;
  beforeEach(async () => {
    server = await startRedis({ user: { name: 'default', password: 'geheim' } });
    client = new Redis(server.url);
  });
  afterEach(async () => {
    client.disconnect();
    await server.stop();
  });

  it('without an append-only file', async () => {
    await client.config('SET', 'appendonly', 'no');
    const diagnosis = await examineBroken({ REDIS_URL: server.url }, 'redis-aof: failed');
    expect(diagnosis.finding('redis-aof')).toMatchObject({
      seen: 'the append-only file is off: a restart of Redis loses accepted jobs',
      mend: 'Turn it on, here and in redis.conf: redis-cli -u "$REDIS_URL" CONFIG SET appendonly yes',
    });
    expect(diagnosis.finding('redis')?.seen).toMatch(`redis://127.0.0.1:${server.port}, version `);
    expect(diagnosis.text).not.toContain('geheim');
  });

  it('that evicts jobs, and one whose memory is used up', async () => {
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await client.config('SET', 'maxmemory', '1mb');
    const diagnosis = await examineBroken({ REDIS_URL: server.url }, 'redis-policy: failed', 'redis-memory: failed');
    expect(diagnosis.finding('redis-policy')).toMatchObject({
      seen: 'maxmemory-policy is allkeys-lru: when memory is short, jobs vanish',
      mend: 'Have nothing evicted, here and in redis.conf: redis-cli -u "$REDIS_URL" CONFIG SET maxmemory-policy noeviction',
    });
    expect(diagnosis.finding('redis-memory')?.seen).toMatch(/ used of 1\.0 MB: requests are refused$/);
  });

  it('that is away', async () => {
    client.disconnect();
    await server.stop();
    const diagnosis = await examineBroken({ REDIS_URL: server.url }, 'redis: failed');
    expect(diagnosis.finding('redis')).toMatchObject({
      seen: `redis://127.0.0.1:${server.port}: connect ECONNREFUSED 127.0.0.1:${server.port}`,
      mend: 'Start Redis there, or correct REDIS_URL: sudo systemctl start redis-server',
    });
    expect(diagnosis.text).not.toContain('geheim');
  });

  it('with another password', async () => {
    const url = server.url.replace('geheim', 'verraten');
    const diagnosis = await examineBroken({ REDIS_URL: url }, 'redis: failed');
    expect(diagnosis.finding('redis')).toMatchObject({
      seen: expect.stringContaining('WRONGPASS'),
      mend: 'Put the right user and password into REDIS_URL: export REDIS_URL=redis://user:password@host:6379',
    });
    expect(diagnosis.text).not.toContain('verraten');
  });
});

it('no redis-server for the private Redis', async () => {
  const onlyNode = join(folder.path, 'bin');
  mkdirSync(onlyNode);
  symlinkSync(process.execPath, join(onlyNode, 'node'));
  const diagnosis = await examineBroken({ PATH: onlyNode }, 'redis: failed');
  expect(diagnosis.finding('redis')).toMatchObject({
    seen: 'REDIS_URL is not set, and redis-server is not installed',
    mend: 'Install it, or set REDIS_URL to a Redis that you run: sudo apt-get install -y redis-server',
  });
});

describe.skipIf(isMinioMissing())('an S3 server', () => {
  let minio: MinioServer;
  let gateway: S3Gateway;
  let s3: Settings;
  beforeAll(async () => {
    minio = await startMinio();
    gateway = await startS3Gateway(minio.port);
    s3 = {
      MINIO_ENDPOINT: gateway.address,
      MINIO_ACCESS_KEY: minio.accessKey,
      MINIO_SECRET_KEY: minio.secretKey,
      MINIO_BUCKET: 'doctor-test',
    };
  });
  beforeEach(() => gateway.treat(() => 'answer'));
  afterAll(async () => {
    await gateway?.stop();
    await minio?.stop();
  });

  it('without the bucket is told of, and is not given one', async () => {
    const bucket = { MINIO_BUCKET: 'nobody-made-it' };
    for (let time = 1; time <= 2; time++) {
      const diagnosis = await examineBroken({ ...s3, ...bucket }, 'store: warning');
      expect(diagnosis.finding('store')).toMatchObject({
        seen: `there is no bucket "nobody-made-it" at http://${gateway.address}/nobody-made-it yet`,
        mend: 'Nothing is to be done if Rollcall may make it when it starts: npx rollcall start',
      });
    }
  });

  it('with its bucket and credentials is all right, and is left as it was', async () => {
    const store = createBlobStore(loadConfig(settings(s3)));
    await store.check();
    await store.put('employees/1001/face_1.jpg', await photo('person_a_1.jpg'));
    const diagnosis = await examine(s3);
    expect([diagnosis.wrong, diagnosis.code]).toEqual([[], 0]);
    expect(diagnosis.finding('s3-clock')?.seen).toMatch(/^the S3 server's clock is \d s (behind|ahead)$/);
    expect((await store.list('')).map(({ key }) => key)).toEqual(['employees/1001/face_1.jpg']);
    store.close();
  });

  it('with another secret', async () => {
    const secret = 'a-secret-of-somebody-else';
    const diagnosis = await examineBroken(
      { ...s3, MINIO_SECRET_KEY: secret },
      ...['store: failed', 'encryption: warning'],
    );
    expect(diagnosis.finding('store')).toMatchObject({
      seen: `Could not store an object at http://${gateway.address}/doctor-test (SignatureDoesNotMatch).`,
      mend: 'The secret key is wrong: check MINIO_SECRET_KEY: export MINIO_SECRET_KEY=…',
    });
    for (const word of [secret, minio.accessKey]) expect(diagnosis.text).not.toContain(word);
  });

  it('that is away', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const diagnosis = await examineBroken(
      { ...s3, MINIO_ENDPOINT: address },
      ...['store: failed', 's3-clock: warning', 'encryption: warning'],
    );
    expect(diagnosis.finding('store')).toMatchObject({
      seen: `Could not store an object at http://${address}/doctor-test (ECONNREFUSED).`,
      mend: `Nothing listens there: start the server or check MINIO_ENDPOINT: curl -I http://${address}/doctor-test`,
    });
  });

  it('that does not know of conditional writes', async () => {
    gateway.treat(() => 'ignore conditions');
    const diagnosis = await examineBroken(s3, 'store-conditions: failed');
    expect(diagnosis.finding('store-conditions')).toMatchObject({
      seen: 'a conditional write (If-None-Match: *) replaced an object that was there',
      mend: expect.stringMatching(/^Use an S3 server that honours If-None-Match on PUT/),
    });
  });
});

describe('files', () => {
  it('of a model that is damaged', async () => {
    const models = join(folder.path, 'models');
    mkdirSync(models);
    for (const name of readdirSync(join(ROOT, 'models')).filter((name) => name.endsWith('.onnx'))) {
      copyFileSync(join(ROOT, 'models', name), join(models, name));
    }
    truncateSync(join(models, 'sface_2021dec.onnx'), 1000);
    const diagnosis = await examineBroken({ MODELS_DIR: models }, 'models: failed', 'provider: failed');
    expect(diagnosis.finding('models')).toMatchObject({
      seen: `sface_2021dec.onnx is truncated or altered (MODELS_DIR ${models})`,
      mend: 'Restore the file, or make it again as models/README.md says: git checkout -- models',
    });
  });

  it('that are under another key, and photos that everybody can open', async () => {
    const store = createBlobStore(loadConfig(settings({ ENCRYPTION_KEYS: KEY })));
    await store.check();
    await store.put('employees/1001/face_1.jpg', await photo('person_a_1.jpg'));
    store.close();
    for (const name of [data, join(data, 'employees')]) chmodSync(name, 0o755);
    const diagnosis = await examineBroken(
      { ENCRYPTION_KEYS: OTHER_KEY },
      ...['store-permissions: warning', 'encryption: failed'],
    );
    expect(diagnosis.finding('encryption')).toMatchObject({
      seen: expect.stringMatching(/^The key "k1" in ENCRYPTION_KEYS is not the key "k1" that this store was written/),
      mend: expect.stringMatching(/: export ENCRYPTION_KEYS=new:…,old:…$/),
    });
    expect(diagnosis.text).not.toContain(OTHER_KEY.slice(3));
    expect(diagnosis.finding('store-permissions')?.mend).toBe(`Keep them out: chmod 700 ${data}`);
    const without = await examineBroken({}, 'store-permissions: warning', 'encryption: failed');
    expect(without.finding('encryption')?.seen).toMatch(/the key "k1", which is not in ENCRYPTION_KEYS/);
  });

  it('where no folder can be', async () => {
    writeFileSync(join(folder.path, 'file'), '');
    const place = join(folder.path, 'file');
    const diagnosis = await examineBroken({ DATA_DIR: join(place, 'data') }, ...['store: failed', 'audit-log: failed']);
    expect(diagnosis.finding('store')).toMatchObject({
      seen: `${place}/data is not there and cannot be made in ${place} (ENOTDIR)`,
      mend: `Make it and let this user write there: sudo install -d -m 700 -o "$(id -un)" ${place}/data`,
    });
  });

  it.skipIf(areNamespacesMissing())('on a disk that is full', async () => {
    mkdirSync(data, { mode: 0o700 });
    const fill = 'head -c 2M /dev/zero >"$DATA_DIR/rest" 2>/dev/null';
    const script = `mount -t tmpfs -o size=1m,mode=700 full "$DATA_DIR" && { ${fill}; exec "$0" "$1" doctor --json; }`;
    const unshare = ['--user', '--map-root-user', '--mount', 'sh', '-c', script, process.execPath, CLI];
    const diagnosis = diagnosisOf(await runProgram('unshare', unshare, settings()));
    expect(diagnosis.wrong).toEqual(['disk: failed', 'store: failed']);
    expect(diagnosis.finding('disk')).toMatchObject({
      seen: `0.0 GB free below ${data}`,
      mend: `Free some space, or choose another DATA_DIR: df -h ${data}`,
    });
    expect(diagnosis.finding('store')).toMatchObject({
      seen: `Could not store an object in ${data} (ENOSPC).`,
      mend: `The disk is full: free some space: df -h ${data}`,
    });
  });

  it('that others may read, a certificate that has expired, and a port that is taken', async () => {
    const port = createServer((_request, response) => response.end('somebody else')).listen(0, '127.0.0.1');
    await new Promise((resolve) => port.once('listening', resolve));
    const authority = await createAuthority(folder.path, 'authority');
    const { cert, key } = await authority.issueExpired('localhost');
    const taken = `${(port.address() as AddressInfo).port}`;
    const changes = { TLS_CERT: cert, TLS_KEY: key, PORT: taken, WORKER_PROCESSES: '1000' };
    await createToken(settings(), 'gate', 'verify', '--expires', '2d');
    chmodSync(join(data, 'tokens.json'), 0o644);

    const diagnosis = await examineBroken(
      changes,
      ...['cpu: warning', 'memory: warning', 'tokens: warning', 'tokens-file: warning', 'tls: failed', 'port: failed'],
    );
    expect(diagnosis.finding('cpu')?.mend).toMatch(/: export WORKER_PROCESSES=\d+$/);
    expect(diagnosis.finding('tokens')?.seen).toMatch(/^1 active, of which expire within 14 days: "gate" \(/);
    expect(diagnosis.finding('tokens-file')).toMatchObject({
      seen: `${data}/tokens.json has mode 644: others can read it`,
      mend: `Keep it to this user: chmod 600 ${data}/tokens.json`,
    });
    expect(diagnosis.finding('tls')).toMatchObject({
      seen: `${cert} has expired at 2020-02-01T00:00:00.000Z`,
      mend: `Renew it (the API follows within a minute): openssl x509 -noout -dates -in ${cert}`,
    });
    expect(diagnosis.finding('port')).toMatchObject({
      seen: `another program listens on 127.0.0.1:${taken}`,
      mend: `Stop the other program, or choose another PORT: ss -ltnp "sport = :${taken}"`,
    });
    port.close();
  });
});

it('a service for everybody without a token, an audit log without its key, and few open files', async () => {
  await createToken(settings({ API_TOKENS_FILE: join(folder.path, 'elsewhere.json') }), 'gate', 'verify');
  const keyFile = join(data, 'audit.jsonl.key');
  const key = readFileSync(keyFile, 'utf8').trim();
  writeFileSync(keyFile, '');
  const limited = ['-c', 'ulimit -n 256 && exec "$0" "$1" doctor --json', process.execPath, CLI];
  const diagnosis = diagnosisOf(await runProgram('sh', limited, settings({ HOST: '0.0.0.0' })));
  expect(diagnosis.wrong).toEqual([...['open-files: failed', 'audit-log: failed', 'tokens: failed', 'tls: warning']]);
  expect(diagnosis.finding('open-files')?.mend).toMatch(/: ulimit -n 65536$/);
  expect(diagnosis.finding('tokens')).toMatchObject({
    seen: 'none, but HOST=0.0.0.0 is reached from other machines: the API does not start',
    mend: 'Make the first token, or leave HOST at 127.0.0.1: npx rollcall token create --name admin --scopes admin',
  });
  expect(diagnosis.finding('audit-log')?.seen).toMatch(/is not the base64 of 32 bytes/);
  expect(diagnosis.text).not.toContain(key);

  const otherKey = await examine({ AUDIT_KEY: Buffer.alloc(32, 7).toString('base64') });
  expect(otherKey.finding('audit-log')).toMatchObject({
    seen: `not one line of ${data}/audit.jsonl fits the key`,
    mend: expect.stringMatching(/: export AUDIT_KEY=…$/),
  });
});

it('a provider that this machine does not have', async () => {
  const diagnosis = await examineBroken({ EXECUTION_PROVIDER: 'cuda' }, 'provider: failed');
  expect(diagnosis.finding('provider')).toMatchObject({
    seen: expect.stringMatching(/^cuda: EXECUTION_PROVIDER=cuda cannot be used on this machine/),
    mend: 'Install what docs/gpu.md names, or use the processor: export EXECUTION_PROVIDER=cpu',
  });
});

it('a variable that cannot be understood', async () => {
  const diagnosis = await examineBroken({ PORT: 'five' }, 'configuration: failed');
  expect(diagnosis.finding('configuration')).toMatchObject({
    seen: expect.stringMatching(/^The configuration is wrong: PORT: /),
    mend: 'Correct the variable, see README.md, and look at the rest: npx rollcall doctor',
  });
});
