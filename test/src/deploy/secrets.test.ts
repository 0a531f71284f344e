import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '@rollcall/platform';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { bound } from '../support/bound.js';
import { freePort } from '../support/free-port.js';
import { temporaryFolder } from '../support/rollcall.js';
import { until } from '../support/until.js';

const DEPLOY = fileURLToPath(new URL('../../../deploy/', import.meta.url));
const folder = temporaryFolder();
afterAll(() => folder.remove());

const prepare = () =>
  execFileSync('sh', [join(DEPLOY, 'prepare.sh'), folder.path], { encoding: 'utf8', stdio: 'pipe' });
const secret = (name: string) => join(folder.path, 'secrets', name);

describe('deploy/prepare.sh', () => {
  it('makes secrets that a process can start with, and overwrites none', () => {
    expect(prepare().match(/^made: /gm)).toHaveLength(5);
    const config = loadConfig({
      REDIS_URL_FILE: secret('redis_url'),
      MINIO_ENDPOINT: 's3:9000',
      MINIO_ACCESS_KEY_FILE: secret('s3_access_key'),
      MINIO_SECRET_KEY_FILE: secret('s3_secret_key'),
      ENCRYPTION_KEYS_FILE: secret('encryption_keys'),
      AUDIT_KEY_FILE: secret('audit_key'),
    });
    expect(config.redisUrl).toMatch(/^redis:\/\/:[0-9a-f]{64}@redis:6379$/);
    expect(config.encryption.keys.map(({ id }) => id)).toEqual(['k1']);
    expect(config.audit.key).toHaveLength(32);
    // What S3 servers take.
    expect(config.s3?.accessKey).toHaveLength(20);
    expect(config.s3?.secretKey).toHaveLength(40);

    const before = readdirSync(join(folder.path, 'secrets')).map((name) => readFileSync(secret(name), 'utf8'));
    expect(prepare().match(/^left as it is: /gm)).toHaveLength(5);
    expect(readdirSync(join(folder.path, 'secrets')).map((name) => readFileSync(secret(name), 'utf8'))).toEqual(before);
  });

  it('lets nobody read them but their owner and its group', () => {
    for (const name of ['secrets', 's3', 'certificates', 'backup']) {
      expect(statSync(join(folder.path, name)).mode & 0o027).toBe(0);
    }
    for (const name of readdirSync(join(folder.path, 'secrets'))) expect(statSync(secret(name)).mode & 0o137).toBe(0);
  });
});

describe("Redis' start in deploy/compose.production.yml", () => {
  it('takes the password from the secret, and shows it in no list of processes', async () => {
    const { services } = parse(readFileSync(join(DEPLOY, 'compose.production.yml'), 'utf8'), { merge: true });
    const port = await freePort();
    const script = (services.redis.command[0] as string)
      .replaceAll('$$', '$')
      .replace(/\$\{REDIS_MAXMEMORY:-([^}]*)\}/, '$1')
      .replaceAll('/run/secrets/redis_url', secret('redis_url'))
      .replaceAll('/tmp/redis.conf', join(folder.path, 'redis.conf'))
      .replace('--dir /data', `--dir ${folder.path} --port ${port} --bind 127.0.0.1`);
    prepare();
    const server = spawn(...bound('sh', ['-euc', script]), { stdio: 'ignore' });
    const password = /:([0-9a-f]+)@/.exec(readFileSync(secret('redis_url'), 'utf8'))?.[1] ?? '';
    const redis = new Redis(port, '127.0.0.1', { password, retryStrategy: () => 100, maxRetriesPerRequest: 100 });
    redis.on('error', () => undefined);
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
    expect(await redis.config('GET', 'maxmemory')).toEqual(['maxmemory', `${512 * 1024 ** 2}`]);
    expect(readFileSync(`/proc/${server.pid}/cmdline`, 'latin1')).not.toContain(password);
    expect(statSync(join(folder.path, 'redis.conf')).mode & 0o077).toBe(0);
    redis.disconnect();

    const stranger = new Redis(port, '127.0.0.1', { retryStrategy: () => null });
    stranger.on('error', () => undefined);
    await expect(stranger.get('x')).rejects.toThrow('NOAUTH');
    stranger.disconnect();
    server.kill();
    await until('Redis has ended', () => (server.exitCode === null ? undefined : true));
  });
});
