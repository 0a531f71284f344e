import { resolve } from 'node:path';
import { DEFAULT_QUALITY_LIMITS } from '@rollcall/contracts';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, requireRedisUrl } from './config.js';

function messageOf(environment: Record<string, string>): string {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
  }
  throw new Error('the configuration was accepted');
}

describe('loadConfig', () => {
  it('has a default for everything', () => {
    expect(loadConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 5000,
      dataDir: resolve('data'),
      redisUrl: undefined,
      s3: undefined,
      workerConcurrency: 3,
      executionProvider: 'cpu',
      syncTimeoutMs: 10_000,
      matchDistanceThreshold: 0.593,
      enforceDetection: false,
      maxUploadBytes: 10_485_760,
      maxImagePixels: 40_000_000,
      errorLogFile: resolve('data', 'error_log.txt'),
    });
  });

  it('counts empty variables as unset', () => {
    expect(loadConfig({ PORT: '', REDIS_URL: '', ENFORCE_DETECTION: '' })).toEqual(loadConfig({}));
  });

  it('serves the metrics of a worker on loopback, when it is given a port', () => {
    expect(loadConfig({}).metrics).toBeUndefined();
    expect(loadConfig({ METRICS_PORT: '9464' }).metrics).toEqual({ host: '127.0.0.1', port: 9464 });
    expect(loadConfig({ METRICS_HOST: '::', METRICS_PORT: '0' }).metrics).toEqual({ host: '::', port: 0 });
    expect(messageOf({ METRICS_PORT: 'http' })).toContain('METRICS_PORT');
  });

  it('sends traces only where it is told to', () => {
    expect(loadConfig({}).tracing).toBeUndefined();
    const endpointOf = (OTEL_EXPORTER_OTLP_ENDPOINT: string) => loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT }).tracing;
    expect(endpointOf('http://collector:4318')).toEqual({
      endpoint: 'http://collector:4318/v1/traces',
      sampleRatio: 1,
    });
    expect(endpointOf('https://a.example/otlp/')?.endpoint).toBe('https://a.example/otlp/v1/traces');
    for (const wrong of ['collector:4318', 'grpc://collector:4317']) {
      expect(messageOf({ OTEL_EXPORTER_OTLP_ENDPOINT: wrong })).toContain('OTEL_EXPORTER_OTLP_ENDPOINT');
    }
    expect(messageOf({ OTEL_TRACES_SAMPLER_ARG: '2' })).toContain('OTEL_TRACES_SAMPLER_ARG');
  });

  it('reads an S3 server with and without a port', () => {
    const keys = { MINIO_ACCESS_KEY: 'a', MINIO_SECRET_KEY: 'b' };
    expect(loadConfig({ ...keys, MINIO_ENDPOINT: 'minio:9000' }).s3).toMatchObject({
      endPoint: 'minio',
      port: 9000,
      useSSL: false,
    });
    expect(loadConfig({ ...keys, MINIO_ENDPOINT: 's3.example', MINIO_USE_SSL: 'true' }).s3).toMatchObject({
      port: 443,
      useSSL: true,
    });
  });

  it('reads encryption keys, and tells nothing of a wrong one but its name', () => {
    const key = (fill: number) => Buffer.alloc(32, fill).toString('base64');
    const { keys } = loadConfig({ ENCRYPTION_KEYS: `k2:${key(2)}, k1:${key(1)}` }).encryption;
    expect(keys.map(({ id, key }) => [id, key[0]])).toEqual([
      ['k2', 2],
      ['k1', 1],
    ]);
    for (const wrong of ['k1', 'k1:c2hvcnQ=', `k 1:${key(1)}`, `k1:${key(1)},k1:${key(2)}`, `k1:${key(1)}!`]) {
      const message = messageOf({ ENCRYPTION_KEYS: wrong });
      expect(message).toContain('ENCRYPTION_KEYS');
      expect(message).not.toContain('c2hvcnQ');
      expect(message).not.toContain(key(1).slice(0, 20));
    }
  });

  it('needs what belongs together', () => {
    expect(messageOf({ TLS_CERT: 'x.pem' })).toContain('TLS_KEY');
    expect(messageOf({ UPLOAD_MEMORY_BYTES: '1000' })).toContain('UPLOAD_MEMORY_BYTES');
    expect(messageOf({ CALLBACK_HOSTS: 'hooks.example.com' })).toContain('CALLBACK_SECRET');
  });

  it('has a variable for every limit on quality', () => {
    expect(loadConfig({}).qualityLimits).toEqual(DEFAULT_QUALITY_LIMITS);
    for (const name of Object.keys(DEFAULT_QUALITY_LIMITS)) {
      const variable = `QUALITY_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
      expect(loadConfig({ [variable]: '0.123' }).qualityLimits, variable).toEqual({
        ...DEFAULT_QUALITY_LIMITS,
        [name]: 0.123,
      });
    }
  });

  it.each([
    ['PORT', '70000'],
    ['PORT', 'abc'],
    ['REDIS_URL', 'localhost'],
    ['REDIS_URL', 'http://localhost'],
    ['WORKER_PROCESSES', '0'],
    ['WORKER_CONCURRENCY', '1.5'],
    ['EXECUTION_PROVIDER', 'tpu'],
    ['SYNC_TIMEOUT_MS', '-1'],
    ['MATCH_DISTANCE_THRESHOLD', '3'],
    ['ENFORCE_DETECTION', 'perhaps'],
    ['MAX_UPLOAD_BYTES', '10MB'],
    ['MINIO_ENDPOINT', 'http://minio:9000'],
    ['MINIO_BUCKET', 'ab'],
    ['QUALITY_MIN_SHARPNESS', '40'],
    ['QUALITY_MAX_YAW', '-1'],
    ['LOG_LEVEL', 'loud'],
  ])('names %s when it is %s', (name, value) => {
    expect(messageOf({ [name]: value })).toContain(`\n  ${name}: `);
  });

  it('names every wrong variable at once, and what goes together', () => {
    const message = messageOf({ PORT: 'x', MINIO_ENDPOINT: 'minio:9000', UPLOAD_MAX_AGE_SECONDS: '1' });
    expect(message).toContain('PORT');
    expect(messageOf({ MINIO_ENDPOINT: 'minio:9000' })).toMatch(/MINIO_ACCESS_KEY.*\n.*MINIO_SECRET_KEY/);
    expect(messageOf({ UPLOAD_MAX_AGE_SECONDS: '1' })).toContain('JOB_DEADLINE_MS');
  });

  it('never repeats a secret', () => {
    expect(messageOf({ MINIO_SECRET_KEY: 'hush-hush', PORT: 'x' })).not.toContain('hush');
  });

  it('says how to get a Redis', () => {
    expect(() => requireRedisUrl(loadConfig({}))).toThrow(/REDIS_URL.*npm start/);
    for (const url of ['unix:///run/redis.sock', 'rediss://u:p@redis:6379', 'redis+sentinel://a:26379,b:26379/main']) {
      expect(requireRedisUrl(loadConfig({ REDIS_URL: url }))).toBe(url);
    }
    for (const url of ['http://redis', 'redis+sentinel://a:26379', 'redis']) {
      expect(messageOf({ REDIS_URL: url })).toContain('REDIS_URL');
    }
  });
});
