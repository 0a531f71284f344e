import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageOf, ROOT, sourcesOf } from './support/sources.js';

/** What each room may import, besides Node's own modules and its own files. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  'packages/contracts': ['zod'],
  'packages/client': ['openapi-fetch'],
  'packages/face-core': ['sharp', 'onnxruntime-node'],
  'packages/gallery': ['@rollcall/contracts', '@rollcall/face-core', 'lru-cache', 'zod'],
  'packages/platform': [
    '@rollcall/contracts',
    '@opentelemetry/api',
    '@opentelemetry/context-async-hooks',
    '@opentelemetry/core',
    '@opentelemetry/exporter-trace-otlp-http',
    '@opentelemetry/resources',
    '@opentelemetry/sdk-trace',
    'bullmq',
    'ioredis',
    'minio',
    'pino',
    'pino-pretty',
    'prom-client',
    'rate-limiter-flexible',
    'rotating-file-stream',
    'zod',
  ],
  'apps/api': [
    '@rollcall/contracts',
    '@rollcall/platform',
    '@rollcall/web',
    '@bull-board/api',
    '@bull-board/hono',
    '@fastify/busboy',
    '@hono/node-server',
    'hono',
    'bullmq',
    'ioredis',
    'prom-client',
    'swagger-ui-dist',
    'zod',
  ],
  'apps/worker': [
    '@rollcall/contracts',
    '@rollcall/face-core',
    '@rollcall/gallery',
    '@rollcall/platform',
    'bullmq',
    'ioredis',
    'prom-client',
  ],
  'apps/web': ['@rollcall/contracts'],
  'apps/cli': [
    '@rollcall/contracts',
    '@rollcall/face-core',
    '@rollcall/gallery',
    '@rollcall/platform',
    '@rollcall/api',
    '@rollcall/worker',
    'cli-progress',
    'csv-parse',
    'yauzl',
    'zod',
  ],
};

/** Packages that exactly one file of the product imports. */
const SINGLE_IMPORTERS: Readonly<Record<string, string>> = {
  'swagger-ui-dist': 'apps/api/src/http/docs.ts',
  '@bull-board/api': 'apps/api/src/queues/board.ts',
  'onnxruntime-node': 'packages/face-core/src/engine.ts',
  sharp: 'packages/face-core/src/decode.ts',
  minio: 'packages/platform/src/blob-store/minio.ts',
  '@opentelemetry/sdk-trace': 'packages/platform/src/tracing/opentelemetry.ts',
};

const CONFIG_MODULE = 'packages/platform/src/config.ts';

const sources = Object.keys(ROOMS).flatMap(sourcesOf);

describe('the house', () => {
  it.each(Object.entries(ROOMS))('%s imports only what it may', (room, allowed) => {
    const strangers = sources
      .filter(({ path }) => path.startsWith(`${room}/`))
      .flatMap(({ path, imports }) =>
        imports
          .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
          .filter((specifier) => !allowed.includes(packageOf(specifier)))
          .map((specifier) => `${path} imports ${specifier}`),
      );
    expect(strangers).toEqual([]);
  });

  it.each(Object.entries(ROOMS))('%s declares what it imports', (room) => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, room, 'package.json'), 'utf8'));
    const used = sources
      .filter(({ path }) => path.startsWith(`${room}/`))
      .flatMap(({ imports }) => imports)
      .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
      .map(packageOf);
    expect(Object.keys(dependencies).sort()).toEqual([...new Set(used)].sort());
  });

  it.each(Object.entries(SINGLE_IMPORTERS))('only one file imports %s', (name, file) => {
    expect(sources.filter(({ imports }) => imports.map(packageOf).includes(name)).map(({ path }) => path)).toEqual([
      file,
    ]);
  });

  it('what runs in a browser takes from other rooms nothing but types', () => {
    const loaded = sources
      .filter(({ path }) => path.startsWith('apps/web/src/browser/'))
      .flatMap(({ text }) =>
        [...text.matchAll(/^import (?!type )[^;]*'(?!\.)[^']+';/gm)].map(([statement]) => statement),
      );
    expect(loaded).toEqual([]);
  });

  it('only the config module reads the environment', () => {
    const reads = /process\.env(?!\.\w+ = )/;
    expect(sources.filter(({ text }) => reads.test(text)).map(({ path }) => path)).toEqual([CONFIG_MODULE]);
  });

  it('only main files construct clients of servers', () => {
    const constructors =
      /\b(createBlobStore|createRawBlobStore|connectForRequests|connectForBlocking|createLogger|createEngine)\(/;
    const constructing = sources
      .filter(({ path }) => path.startsWith('apps/'))
      .filter(({ text }) => constructors.test(text))
      .map(({ path }) => path);
    // Each command of the command line is a main of its own, and so is each check of its doctor that calls on a server.
    expect(constructing.sort()).toEqual([
      'apps/api/src/main.ts',
      'apps/cli/src/announcer.ts',
      'apps/cli/src/backup.ts',
      'apps/cli/src/calibrate.ts',
      'apps/cli/src/doctor/encryption.ts',
      'apps/cli/src/doctor/provider-process.ts',
      'apps/cli/src/doctor/redis.ts',
      'apps/cli/src/doctor/store.ts',
      'apps/cli/src/erasure-reader.ts',
      'apps/cli/src/import.ts',
      'apps/cli/src/private-redis.ts',
      'apps/cli/src/reindex.ts',
      'apps/cli/src/restore.ts',
      'apps/cli/src/rotate-keys.ts',
      'apps/cli/src/start.ts',
      'apps/worker/src/inference/main.ts',
      'apps/worker/src/main.ts',
    ]);
  });
});
