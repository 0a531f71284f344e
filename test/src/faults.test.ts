import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBlobStore } from '@rollcall/platform';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { form, get, photo, post, remove } from './support/client.js';
import { type RedisServer, startRedis } from './support/redis.js';
import {
  isInferenceReady,
  type LogLine,
  type RollcallProcess,
  type System,
  startSystem,
  startWorker,
  temporaryFolder,
} from './support/rollcall.js';
import { until } from './support/until.js';

const folder = temporaryFolder();
const store = createBlobStore({ s3: undefined, dataDir: folder.path });
let redis: RedisServer;
let api: System;
const workers: RollcallProcess[] = [];

function settings(changes: Record<string, string> = {}): Record<string, string> {
  return { DATA_DIR: folder.path, REDIS_URL: redis.url, WORKER_PROCESSES: '1', SYNC_TIMEOUT_MS: '20000', ...changes };
}

async function addWorker(changes?: Record<string, string>): Promise<RollcallProcess> {
  const worker = await startWorker(settings(changes));
  workers.push(worker);
  return worker;
}

/** Process ids of a worker's inference processes, in the order they started. */
function inferencePids(worker: RollcallProcess): number[] {
  return worker.lines.filter(isInferenceReady).map((line) => Number(line.child_pid));
}

async function submit(image: Uint8Array, employeeId = '1001'): Promise<string> {
  const { status, body } = await post(`${api.url}/v1/verifications`, form(employeeId, image), {
    prefer: 'respond-async',
  });
  expect(status).toBe(202);
  return body.job_id;
}

// biome-ignore lint/suspicious/noExplicitAny: replies are looked into, not typed
async function ended(id: string): Promise<any> {
  return until(
    `job ${id} has ended`,
    async () => {
      const { body } = await get(`${api.url}/v1/jobs/${id}?wait=5`);
      return ['succeeded', 'failed', 'expired'].includes(body.status) ? body : undefined;
    },
    40_000,
  );
}

async function untilActive(id: string): Promise<void> {
  await until(`job ${id} is active`, async () => {
    const { body } = await get(`${api.url}/v1/jobs/${id}`);
    return body.status === 'active' ? true : undefined;
  });
}

async function noUploadLeft(): Promise<void> {
  await until('every upload is gone', async () =>
    (await store.list('uploads/')).some(({ size }) => size > 0) ? undefined : true,
  );
}

/** Some 38 megapixels that take long to decode, so that a test can act while a worker is at it. */
let slowPhoto: Buffer;

beforeAll(async () => {
  redis = await startRedis();
  await store.put('employees/1001/face_1.jpg', await photo('person_a_1.jpg'));
  slowPhoto = await sharp(await photo('person_a_2.jpg'))
    .resize(6200, 6200, { fit: 'fill' })
    .webp({ effort: 0, quality: 60 })
    .toBuffer();
  api = await startSystem('api', settings());
});
afterAll(async () => {
  await api.stop();
  await redis.stop();
  folder.remove();
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.stop();
});

// Generous, because a lost lock alone takes 7 s and others use this machine too.
describe('a killed worker', { timeout: 90_000 }, () => {
  it('gives its job back within 10 s, and the sync caller still gets the answer', async () => {
    const worker = await addWorker();
    const answer = post(`${api.url}/recognize_face`, form('1001', slowPhoto));
    await worker.line(isInferenceReady);
    const [upload] = await until('the photo is stored', async () => {
      const uploads = (await store.list('uploads/')).filter(({ size }) => size > 0);
      return uploads.length > 0 ? uploads : undefined;
    });
    await untilActive(upload?.key.slice('uploads/'.length) ?? '');
    const killedAt = Date.now();
    process.kill(inferencePids(worker)[0] ?? 0, 'SIGKILL');
    const again = await worker.line(({ msg }) => msg === 'a job was taken back from a worker that died');
    expect(Date.parse(String(again.time)) - killedAt).toBeLessThan(10_000);
    expect(await answer).toMatchObject({ status: 200 });
    await noUploadLeft();
  });

  it('fails a job that has killed two workers, and a third lives', async () => {
    const worker = await addWorker();
    const id = await submit(slowPhoto);
    await untilActive(id);
    process.kill(inferencePids(worker)[0] ?? 0, 'SIGKILL');
    await until('the job was taken again', () => (stalls(worker.lines) === 1 ? true : undefined));
    await untilActive(id);
    process.kill(inferencePids(worker)[1] ?? 0, 'SIGKILL');
    const { status, response } = await ended(id);
    expect([status, response.status, response.body.code]).toEqual(['failed', 500, 'internal_error']);
    await until('the third process is ready', () => (inferencePids(worker).length === 3 ? true : undefined));
    expect((await post(`${api.url}/recognize_face`, form('1001', await photo('person_a_2.jpg')))).status).toBe(200);
    expect(inferencePids(worker)).toHaveLength(3);
    await noUploadLeft();
  });

  it('loses none of a burst of jobs', async () => {
    const worker = await addWorker({ WORKER_PROCESSES: '2' });
    const [right, wrong] = [await photo('person_a_2.jpg'), await photo('person_b_2.jpg')];
    const ids = await Promise.all(Array.from({ length: 40 }, (_, index) => submit(index % 2 === 0 ? right : wrong)));
    process.kill(inferencePids(worker)[0] ?? 0, 'SIGKILL');
    const replies = await Promise.all(ids.map(ended));
    expect(replies.map(({ status }) => status)).toEqual(ids.map(() => 'succeeded'));
    expect(replies.map(({ result }) => result.verified)).toEqual(ids.map((_, index) => index % 2 === 0));
    // What the dead process had yet to remove is the sweep's; the other tests shall not see it.
    await store.delete((await store.list('uploads/')).map(({ key }) => key));
  });
});

function stalls(lines: readonly LogLine[]): number {
  return lines.filter(({ msg }) => msg === 'a job was taken back from a worker that died').length;
}

describe('a stopped worker', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends its running job on %s and leaves the rest for others',
    async (signal) => {
      const ids = await Promise.all(Array.from({ length: 10 }, async () => submit(slowPhoto)));
      const worker = await addWorker();
      await Promise.race(ids.map(untilActive));
      expect(await worker.stop(signal)).toBe(0);
      workers.splice(workers.indexOf(worker), 1);
      const statuses = await Promise.all(ids.map(async (id) => (await get(`${api.url}/v1/jobs/${id}`)).body.status));
      expect(statuses).not.toContain('active');
      expect(statuses).toContain('queued');
      const other = await addWorker({ WORKER_PROCESSES: '2' });
      const replies = await Promise.all(ids.map(ended));
      expect(replies.map(({ status }) => status)).toEqual(ids.map(() => 'succeeded'));
      // None was taken back from a dead worker: the first one left nothing half done.
      expect(stalls(other.lines)).toBe(0);
      await noUploadLeft();
    },
  );
});

describe('waiting', () => {
  it('ends with 202 when the time is over, and the poll has the answer of the same job', async () => {
    const { status, body, headers } = await post(
      `${api.url}/recognize_face`,
      form('1001', await photo('person_a_2.jpg')),
      { prefer: 'wait=1' },
    );
    expect([status, headers.get('preference-applied')]).toEqual([202, 'wait=1']);
    expect((await get(`${api.url}${body.status_url}`)).body.status).toBe('queued');
    await addWorker();
    expect(await ended(body.job_id)).toMatchObject({ status: 'succeeded', response: { status: 200 } });
  });

  it('is not ready without a worker', async () => {
    const { status, body } = await get(`${api.url}/readyz`);
    expect([status, body.status, body.checks.workers.ok]).toEqual([503, 'not_ready', false]);
    expect(body.checks).toMatchObject({ redis: { ok: true }, store: { ok: true } });
  });

  it('expires what no worker took in time, without working on it', async () => {
    const hasty = await startSystem('api', settings({ JOB_DEADLINE_MS: '300' }));
    const { status, body } = await post(`${hasty.url}/recognize_face`, form('1001', await photo('person_a_2.jpg')), {
      prefer: 'respond-async',
    });
    expect(status).toBe(202);
    await new Promise((resolve) => setTimeout(resolve, 400));
    const worker = await addWorker();
    expect(await ended(body.job_id)).toMatchObject({ status: 'expired', response: { status: 503 } });
    expect(worker.lines.find(({ job_id }) => job_id === body.job_id)).not.toHaveProperty('stage_ms');
    await hasty.stop();
    await noUploadLeft();
  });

  it('answers whoever waits before the API stops', async () => {
    const other = await startSystem('api', settings());
    const waiting = post(`${other.url}/recognize_face`, form('1001', await photo('person_a_2.jpg')));
    await until('the upload is there', async () =>
      (await store.list('uploads/')).some(({ size }) => size > 0) ? true : undefined,
    );
    const stopped = other.stop();
    await addWorker();
    expect((await waiting).status).toBe(200);
    expect(await stopped).toBe(0);
  });

  it('survives clients that leave', async () => {
    const clients = Array.from({ length: 30 }, () => new AbortController());
    const image = await photo('person_a_2.jpg');
    const gone = clients.map(({ signal }) =>
      post(`${api.url}/recognize_face`, form('1001', image), {}, signal).catch(() => 'left'),
    );
    await until('all uploads are there', async () =>
      (await store.list('uploads/')).filter(({ size }) => size > 0).length === 30 ? true : undefined,
    );
    for (const client of clients) client.abort();
    expect(new Set(await Promise.all(gone))).toEqual(new Set(['left']));
    await addWorker();
    expect((await post(`${api.url}/recognize_face`, form('1001', image))).status).toBe(200);
    await noUploadLeft();
  });
});

describe('erasing an employee', () => {
  const pending = async () => {
    const image = await photo('person_b_1.jpg');
    const body = new FormData();
    body.append('image', new Blob([Uint8Array.from(image)]));
    const accepted = await post(`${api.url}/v1/employees/pending/faces`, body, { prefer: 'respond-async' });
    expect(accepted.status).toBe(202);
    return accepted.body.job_id as string;
  };

  it('takes pending jobs and their uploads along, and tells whoever waits', async () => {
    const ids = [await pending(), await pending()];
    const waiting = post(`${api.url}/v1/verifications`, form('pending', await photo('person_b_2.jpg')));
    await until('all uploads are there', async () =>
      (await store.list('uploads/')).filter(({ size }) => size > 0).length === 3 ? true : undefined,
    );
    const erased = await remove(`${api.url}/v1/employees/pending`);
    expect(erased.body.erased).toMatchObject({ photos: 0, jobs: 3, uploads: 3 });
    expect(await waiting).toMatchObject({ status: 404, body: { code: 'employee_erased' } });
    for (const id of ids) expect(await get(`${api.url}/v1/jobs/${id}`)).toMatchObject({ status: 404 });
    expect((await store.list('uploads/')).filter(({ size }) => size > 0)).toEqual([]);
    await addWorker();
    expect(await get(`${api.url}/v1/employees/pending`)).toMatchObject({ status: 404 });
  });

  it('undoes an enrolment that was running', async () => {
    const worker = await addWorker();
    const body = new FormData();
    body.append('image', new Blob([Uint8Array.from(slowPhoto)]));
    const accepted = await post(`${api.url}/v1/employees/running/faces`, body, { prefer: 'respond-async' });
    await untilActive(accepted.body.job_id);
    expect((await remove(`${api.url}/v1/employees/running`)).status).toBe(200);
    expect(worker.lines.some(({ outcome }) => outcome === 'employee_erased')).toBe(true);
    expect(await store.list('employees/running/')).toEqual([]);
  });

  it('completes what a crash interrupted', async () => {
    await store.put('employees/half/.rollcall/face_1.jpg.embedding.json', Buffer.from('{}'));
    await store.put('employees/half/face_2.jpg', await photo('person_a_1.jpg'));
    expect((await remove(`${api.url}/v1/employees/half`)).body.erased).toMatchObject({ photos: 1, embeddings: 1 });
    expect(await store.list('employees/half/')).toEqual([]);
  });
});

describe('without Redis', () => {
  it('is a fast 503 that keeps no photo, and needs nobody to go on', async () => {
    const worker = await addWorker();
    await redis.kill();
    const image = await photo('person_a_2.jpg');
    const refused = await until('the API notices', async () => {
      const answer = await post(`${api.url}/v1/verifications`, form('1001', image));
      return answer.body.code === 'queue_unavailable' ? answer : undefined;
    });
    expect([refused.status, refused.headers.get('retry-after'), refused.body.retryable]).toEqual([503, '1', true]);
    expect(await get(`${api.url}/readyz`)).toMatchObject({ status: 503, body: { checks: { redis: { ok: false } } } });
    expect(await get(`${api.url}/healthz`)).toMatchObject({ status: 200 });
    await redis.restart();
    const again = await until('it answers again', async () => {
      const answer = await post(`${api.url}/recognize_face`, form('1001', image));
      return answer.status === 200 ? answer : undefined;
    });
    expect(again.body.employee_id).toBe('1001');
    expect(worker.lines.some(({ msg }) => msg === 'process died')).toBe(false);
    await noUploadLeft();
    const errors = readFileSync(join(folder.path, 'error_log.txt'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(errors.some(({ level, name }) => level === 'error' && name === 'api')).toBe(true);
  });
});

describe('an upload that outlived its job', () => {
  beforeEach(async () => {
    await store.put('uploads/left-by-a-crash', Buffer.from('x'));
  });

  it('is removed when it is too old', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await addWorker({ UPLOAD_MAX_AGE_SECONDS: '1', JOB_DEADLINE_MS: '1000' });
    await until('it is gone', async () => ((await store.get('uploads/left-by-a-crash')) ? undefined : true));
  });
});
