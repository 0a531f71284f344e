import { join } from 'node:path';
import { createBlobStore } from '@rollcall/platform';
import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { enrolmentSuite } from './suites/enrolment.suite.js';
import { verificationSuite } from './suites/verification.suite.js';
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

verificationSuite('embedded default', under);
enrolmentSuite('employees of the embedded default', () => ({
  ...under(),
  redis: () => (redis ??= new Redis(join(folder.path, 'redis/redis.sock'))),
}));
