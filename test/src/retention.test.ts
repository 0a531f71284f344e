import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { employeePrefix } from '@rollcall/contracts';
import { createBlobStore } from '@rollcall/platform';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { form, photo, post } from './support/client.js';
import { type RedisServer, startRedis } from './support/redis.js';
import { type RollcallProcess, type System, startSystem, startWorker, temporaryFolder } from './support/rollcall.js';
import { until } from './support/until.js';

// What is kept of a verification, and for how long, looked at where it is kept: folders, Redis, logs.
const RESULT_TTL_SECONDS = 6;
const folder = temporaryFolder();
const uploads = join(folder.path, 'uploads');
let redis: RedisServer;
let settings: Record<string, string>;
let api: System;
let worker: RollcallProcess;

/** An empty folder disappears. */
const uploadsLeft = () => (existsSync(uploads) ? readdirSync(uploads).length : 0);

/** Everything that Redis holds, as text. */
async function redisContent(): Promise<string> {
  const client = new Redis(redis.url);
  try {
    let text = '';
    for (const key of await client.keys('*')) {
      const type = await client.type(key);
      text += `${key} ${type}\n`;
      if (type === 'string') text += await client.get(key);
      if (type === 'hash') text += JSON.stringify(await client.hgetall(key));
      if (type === 'list') text += JSON.stringify(await client.lrange(key, 0, -1));
      if (type === 'zset') text += JSON.stringify(await client.zrange(key, 0, -1));
      if (type === 'stream') text += JSON.stringify(await client.xrange(key, '-', '+'));
    }
    return text;
  } finally {
    client.disconnect();
  }
}

beforeAll(async () => {
  redis = await startRedis();
  settings = {
    DATA_DIR: folder.path,
    REDIS_URL: redis.url,
    WORKER_PROCESSES: '1',
    RESULT_TTL_SECONDS: `${RESULT_TTL_SECONDS}`,
    JOB_DEADLINE_MS: '5000',
    UPLOAD_MAX_AGE_SECONDS: '6',
  };
  const store = createBlobStore({ s3: undefined, dataDir: folder.path });
  await store.put(`${employeePrefix('kept 7')}face_1.jpg`, await photo('person_a_1.jpg'));
  api = await startSystem('api', settings);
});
afterAll(async () => {
  await api?.stop();
  await worker?.stop();
  await redis?.stop();
  folder.remove();
});

it('forgets jobs and results by age, even when no other job comes', async () => {
  worker = await startWorker(settings);
  const answer = await post(`${api.url}/v1/verifications`, form('kept 7', await photo('person_a_2.jpg')));
  expect(answer.body.verified).toBe(true);
  expect(await redisContent()).toContain(answer.body.job_id);
  await until('Redis has forgotten the job', async () =>
    (await redisContent()).includes(answer.body.job_id) || (await redisContent()).includes('kept 7') ? undefined : true,
  );
  expect((await fetch(`${api.url}/v1/jobs/${answer.body.job_id}`)).status).toBe(404);
});

it('removes photos whose API and worker were killed', async () => {
  await worker.stop();
  const accepted = await post(`${api.url}/v1/verifications`, form('kept 7', await photo('person_a_2.jpg')), {
    prefer: 'respond-async',
  });
  expect(accepted.status).toBe(202);
  await api.stop('SIGKILL');
  expect(uploadsLeft()).toBeGreaterThan(0);
  worker = await startWorker(settings);
  await until('no upload is left', () => (uploadsLeft() === 0 ? true : undefined));
});

it('removes what a crash left of a photo that was being written', async () => {
  const draft = join(folder.path, '.tmp/a-draft');
  mkdirSync(join(folder.path, '.tmp'), { recursive: true });
  writeFileSync(draft, 'half a photo');
  const past = Date.now() / 1000 - 86_400;
  utimesSync(draft, past, past);
  await until('the draft is gone', () => (existsSync(draft) ? undefined : true));
});

it('drops old lines of the error log at the start', async () => {
  await worker.stop();
  const log = join(folder.path, 'error_log.txt');
  writeFileSync(log, `${JSON.stringify({ level: 'error', time: '2020-01-01T00:00:00Z', msg: 'long ago' })}\n`);
  const past = Date.now() / 1000 - 90 * 86_400;
  utimesSync(log, past, past);
  worker = await startWorker(settings);
  await worker.stop();
  worker = await startWorker(settings);
  for (const name of readdirSync(folder.path).filter((file) => file.startsWith('error_log'))) {
    expect(readFileSync(join(folder.path, name), 'utf8')).not.toContain('long ago');
  }
});
