import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBlobStore } from '@rollcall/platform';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enrolmentSuite } from './suites/enrolment.suite.js';
import { verificationSuite } from './suites/verification.suite.js';
import { processTree } from './support/processes.js';
import { type System, startSystem, temporaryFolder } from './support/rollcall.js';

// The default of `npm start`: private Redis, filesystem store, workers and API in one process tree.
const folder = temporaryFolder();
const store = createBlobStore({ s3: undefined, dataDir: folder.path });
let system: System;

beforeAll(async () => {
  system = await startSystem('start', { DATA_DIR: folder.path, WORKER_PROCESSES: '2' });
});
afterAll(async () => {
  await system.stop();
  folder.remove();
});

const under = () => ({ system, store, lines: () => system.lines });
let redis: Redis | undefined;

const FLAG = /--[\w-]+=\d+/g;
const MALLOC = /MALLOC_\w+=\d+/g;

/** What V8 and glibc of a running process were told about memory. */
function memorySettings(name: string) {
  const { pid } = processTree(system.pid).find((process) => process.name === name) ?? {};
  const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'latin1');
  return { flags: read('cmdline').match(FLAG), malloc: read('environ').match(MALLOC)?.sort() };
}

describe('the memory of the embedded default', () => {
  it.each(['package.json', 'deploy/Dockerfile'])('is kept in the API as %s keeps it', (file) => {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
    const [start = ''] = text.match(/^.*apps\/api\/dist\/main\.js.*$/m) ?? [];
    const { flags, malloc } = memorySettings('api');
    expect(flags).toHaveLength(3);
    expect(start.match(FLAG)).toEqual(flags);
    expect(text.match(MALLOC)?.sort()).toEqual(malloc);
  });

  it('is kept low in inference processes', () => {
    expect(memorySettings('inference')).toEqual({
      flags: ['--max-semi-space-size=4'],
      malloc: ['MALLOC_ARENA_MAX=2', 'MALLOC_TRIM_THRESHOLD_=131072'],
    });
  });
});

verificationSuite('embedded default', under);
enrolmentSuite('employees of the embedded default', () => ({
  ...under(),
  redis: () => (redis ??= new Redis(join(folder.path, 'redis/redis.sock'))),
}));
