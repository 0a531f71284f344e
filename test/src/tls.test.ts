import type { IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer, type SecureVersion } from 'node:tls';
import { employeePrefix, type ReadinessReply, readinessReplySchema } from '@rollcall/contracts';
import { type BlobStore, connectForRequests, createBlobStore, loadConfig } from '@rollcall/platform';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createMinioBlobStore } from '../../packages/platform/src/blob-store/minio.js';
import type { S3Config } from '../../packages/platform/src/config.js';
import { type Authority, type CertificateFiles, createAuthority } from './support/certificates.js';
import { form, get, photo, post } from './support/client.js';
import { isMinioMissing, type MinioServer, startMinio } from './support/minio.js';
import { startRedis } from './support/redis.js';
import { type LogLine, type System, startSystem, startWorker, temporaryFolder } from './support/rollcall.js';

type Settings = Record<string, string>;
type Checks = ReadinessReply['checks'];

const USER = { name: 'rollcall', password: 'correcthorsebatterystaple' };

describe('TLS', () => {
  const folder = temporaryFolder();
  let authority: Authority;
  let stranger: Authority;
  let certificate: CertificateFiles;
  let stops: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    [authority, stranger] = await Promise.all([
      createAuthority(folder.path, 'authority'),
      createAuthority(folder.path, 'stranger'),
    ]);
    certificate = await authority.issue('localhost', '127.0.0.1');
  });
  afterEach(async () => {
    for (const stop of stops.reverse()) await stop();
    stops = [];
  });
  afterAll(() => folder.remove());

  /** Stopped at the end of the test. */
  async function started<T extends { stop(): Promise<unknown> }>(starting: Promise<T>): Promise<T> {
    const running = await starting;
    stops.push(() => running.stop());
    return running;
  }

  const trusted = () => ({ NODE_EXTRA_CA_CERTS: authority.file });

  let rooms = 0;
  /** Settings of a system with a data folder of its own. */
  function room(settings: Settings): Settings {
    const DATA_DIR = join(folder.path, `data-${++rooms}`);
    return { DATA_DIR, SYNC_TIMEOUT_MS: '60000', SHUTDOWN_GRACE_MS: '1000', WORKER_PROCESSES: '1', ...settings };
  }

  /** That an API and a worker tell person A from somebody else. */
  async function expectToVerify(settings: Settings, store: BlobStore): Promise<void> {
    await store.put(`${employeePrefix('1001')}face_1.jpg`, await photo('person_a_1.jpg'));
    store.close();
    const [api] = await Promise.all([started(startSystem('api', settings)), started(startWorker(settings))]);
    const verify = async (name: string) => post(`${api.url}/recognize_face`, form('1001', await photo(name)));
    expect(await verify('person_a_2.jpg')).toMatchObject({ status: 200, body: { employee_id: '1001' } });
    expect(await verify('person_b_2.jpg')).toMatchObject({ status: 400, body: { reason: 'not_matched' } });
  }

  /** That an API starts, but answers 503; resolves with what it says is wrong. */
  async function expectToRefuse(settings: Settings, code: string): Promise<{ checks: Checks; api: System }> {
    const api = await started(startSystem('api', settings));
    const answer = await post(`${api.url}/v1/verifications`, form('1001', await photo('person_a_2.jpg')));
    expect(answer).toMatchObject({ status: 503, body: { code } });
    const ready = await get(`${api.url}/readyz`);
    expect(ready.status).toBe(503);
    return { checks: readinessReplySchema.parse(ready.body).checks, api };
  }

  const untrusted: [string, () => Settings][] = [
    ['whose authority is unknown', () => ({})],
    ['of another authority', () => ({ NODE_EXTRA_CA_CERTS: stranger.file })],
    ['whose authority is unknown, whatever Node is told', () => ({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })],
  ];

  describe('to Redis', () => {
    it('carries verifications, for a user of the access control list', async () => {
      const redis = await started(startRedis({ certificate, user: USER }));
      expect(redis.url).toMatch(/^rediss:\/\/rollcall:.+@127\.0\.0\.1:/);
      const settings = room({ ...trusted(), REDIS_URL: redis.url });
      await expectToVerify(settings, createBlobStore(loadConfig(settings)));
    });

    it('reaches a server by its name', async () => {
      const redis = await started(startRedis({ certificate: await authority.issue('localhost') }));
      const REDIS_URL = redis.url.replace('127.0.0.1', 'localhost');
      const api = await started(startSystem('api', room({ ...trusted(), REDIS_URL })));
      expect((await get(`${api.url}/readyz`)).body.checks.redis.ok).toBe(true);
    });

    it('asks for the server by its name, for there may be several at one address', async () => {
      let connection: Redis | undefined;
      const asked = await new Promise((resolve) => {
        const server = createServer({ SNICallback: (name) => resolve(name) }).listen(0, '127.0.0.1', () => {
          const { port } = server.address() as AddressInfo;
          connection = connectForRequests(`rediss://localhost:${port}?family=4`);
          connection.on('error', () => undefined);
        });
        stops.push(async () => server.close());
      });
      connection?.disconnect();
      expect(asked).toBe('localhost');
    });

    it.each(untrusted)('refuses a certificate %s', async (_, environment) => {
      const redis = await started(startRedis({ certificate }));
      const { checks, api } = await expectToRefuse(
        room({ ...environment(), REDIS_URL: redis.url }),
        'queue_unavailable',
      );
      expect(checks.redis.ok).toBe(false);
      await api.line(names('UNABLE_TO_VERIFY_LEAF_SIGNATURE'));
    });

    it('refuses a certificate for another host', async () => {
      const redis = await started(startRedis({ certificate: await authority.issue('redis.elsewhere.test') }));
      const { checks, api } = await expectToRefuse(room({ ...trusted(), REDIS_URL: redis.url }), 'queue_unavailable');
      expect(checks.redis.ok).toBe(false);
      await api.line(names('ERR_TLS_CERT_ALTNAME_INVALID'));
    });

    it('is not given up for a server that does not speak it', async () => {
      const redis = await started(startRedis());
      const REDIS_URL = redis.url.replace('redis:', 'rediss:');
      const { checks } = await expectToRefuse(room({ ...trusted(), REDIS_URL }), 'queue_unavailable');
      expect(checks.redis.ok).toBe(false);
    });
  });

  it('is no condition for a password: Redis is reached with one, and not with another', async () => {
    const user = { name: 'default', password: 'letmein' };
    const redis = await started(startRedis({ user }));
    const api = await started(startSystem('api', room({ REDIS_URL: redis.url.replace('default:', ':') })));
    expect((await get(`${api.url}/readyz`)).body.checks.redis.ok).toBe(true);
    const REDIS_URL = redis.url.replace(user.password, 'letmeout');
    const refused = await expectToRefuse(room({ REDIS_URL }), 'queue_unavailable');
    expect(refused.checks.redis.ok).toBe(false);
    expect(refused.api.output()).toContain('WRONGPASS');
    expect(refused.api.output()).not.toContain('letmeout');
  });

  describe('of the API', () => {
    it('answers with TLS 1.2 or newer only, and tells browsers to stay with it', async () => {
      const redis = await started(startRedis());
      const { cert: TLS_CERT, key: TLS_KEY } = certificate;
      const api = await started(startSystem('api', room({ REDIS_URL: redis.url, TLS_CERT, TLS_KEY })));
      expect(api.url).toMatch(/^https:\/\/127\.0\.0\.1:/);
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const { status, headers } = await getOver(version, `${api.url}/healthz`, authority.pem);
        expect(status).toBe(200);
        expect(headers['strict-transport-security']).toMatch(/^max-age=\d{8,}$/);
      }
      await expect(getOver('TLSv1.1', `${api.url}/healthz`, authority.pem)).rejects.toThrow('alert protocol version');
      await expect(getOver('TLSv1.3', `${api.url}/healthz`, stranger.pem)).rejects.toMatchObject({
        code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      });
      await expect(fetch(api.url.replace('https:', 'http:'))).rejects.toThrow();
    });

    it('does not start with the key of another certificate', async () => {
      const { key: TLS_KEY } = await authority.issue('127.0.0.1');
      const settings = room({ REDIS_URL: 'redis://127.0.0.1:1', TLS_CERT: certificate.cert, TLS_KEY });
      await expect(startSystem('api', settings)).rejects.toThrow('the key does not belong to the certificate');
    });
  });

  describe.skipIf(isMinioMissing())('to S3', () => {
    const s3Settings = ({ endPoint, port, accessKey, secretKey }: MinioServer): Settings => ({
      MINIO_ENDPOINT: `${endPoint}:${port}`,
      MINIO_ACCESS_KEY: accessKey,
      MINIO_SECRET_KEY: secretKey,
      MINIO_USE_SSL: 'true',
    });
    const startBoth = (s3Certificate: CertificateFiles) =>
      Promise.all([started(startRedis({ certificate })), started(startMinio({ certificate: s3Certificate }))]);

    it('and to Redis carries verifications', async () => {
      const [redis, minio] = await startBoth(certificate);
      const settings = room({ ...trusted(), REDIS_URL: redis.url, ...s3Settings(minio) });
      // This process was started without NODE_EXTRA_CA_CERTS.
      const { s3 } = loadConfig(settings);
      await expectToVerify(settings, createMinioBlobStore({ ...(s3 as S3Config), ca: authority.pem }));
    });

    it.each(untrusted)('refuses a certificate %s', async (_, environment) => {
      const [redis, minio] = await Promise.all([started(startRedis()), started(startMinio({ certificate }))]);
      const settings = room({ ...environment(), REDIS_URL: redis.url, ...s3Settings(minio) });
      const { checks } = await expectToRefuse(settings, 'store_unavailable');
      expect(checks.redis.ok).toBe(true);
      expect(checks.store).toMatchObject({ ok: false, detail: expect.stringContaining('(UNABLE_TO_VERIFY_LEAF_') });
    });

    it('refuses a certificate for another host', async () => {
      const [redis, minio] = await startBoth(await authority.issue('s3.elsewhere.test'));
      const settings = room({ ...trusted(), REDIS_URL: redis.url, ...s3Settings(minio) });
      const { checks } = await expectToRefuse(settings, 'store_unavailable');
      expect(checks.redis.ok).toBe(true);
      expect(checks.store).toMatchObject({
        ok: false,
        detail: expect.stringContaining('(ERR_TLS_CERT_ALTNAME_INVALID)'),
      });
    });
  });
});

/** A log line about an error of this code. */
function names(code: string) {
  return ({ err }: LogLine) => typeof err === 'object' && err !== null && Reflect.get(err, 'code') === code;
}

/** An answer over this version of TLS, from a server that `ca` vouches for. */
function getOver(version: SecureVersion, url: string, ca: string) {
  return new Promise<{ status: number | undefined; headers: IncomingHttpHeaders }>((resolve, reject) => {
    // Without this level OpenSSL would not even offer the versions that must be refused.
    const ciphers = 'DEFAULT@SECLEVEL=0';
    const options = { ca, ciphers, minVersion: version, maxVersion: version, agent: false, timeout: 10_000 };
    https
      .get(url, options, (response) => {
        response.resume();
        resolve({ status: response.statusCode, headers: response.headers });
      })
      .on('error', reject);
  });
}
