import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { form, get, photo, post, remove } from '../src/support/client.js';
import type { System } from '../src/support/rollcall.js';
import { until } from '../src/support/until.js';
import { createSlowMotion } from './slow-motion.js';
import { ASYNC, openStage, type Stage } from './stage.js';

const slowMotion = createSlowMotion();
let stage: Stage;
let api: System;

beforeAll(async () => {
  stage = await openStage();
  api = await stage.addApi();
});
afterEach(async () => {
  slowMotion.reset();
  await stage.clear(api);
});
afterAll(() => stage.close());

async function enrol(employeeId: string): Promise<string> {
  const body = new FormData();
  body.append('image', new Blob([Uint8Array.from(await photo('person_b_1.jpg'))]));
  const accepted = await post(`${api.url}/v1/employees/${employeeId}/faces`, body, ASYNC);
  expect(accepted.status).toBe(202);
  return accepted.body.job_id;
}

/** How many erasures are remembered, lest what was begun before comes true. */
async function marks(): Promise<number> {
  return (await stage.redis.keys('{rollcall}:erased:*')).length;
}

it('takes pending jobs and their uploads along, and tells whoever waits', async () => {
  const ids = [await enrol('pending'), await enrol('pending')];
  const waiting = post(`${api.url}/v1/verifications`, form('pending', stage.smallPhoto));
  await stage.waiting(3);
  const erased = await remove(`${api.url}/v1/employees/pending`);
  expect(erased.body.erased).toMatchObject({ photos: 0, jobs: 3, uploads: 3 });
  expect(await waiting).toMatchObject({ status: 404, body: { code: 'employee_erased' } });
  for (const id of ids) expect(await get(`${api.url}/v1/jobs/${id}`)).toMatchObject({ status: 404 });
  expect(await stage.uploads()).toEqual([]);
  await stage.addWorker();
  expect(await get(`${api.url}/v1/employees/pending`)).toMatchObject({ status: 404 });
}, 180_000);

it('undoes an enrolment that was running', async () => {
  slowMotion.hold('download');
  const worker = await stage.addWorker(slowMotion.settings);
  await slowMotion.reached('download', await enrol('running'));
  const before = await marks();
  const erasing = remove(`${api.url}/v1/employees/running`);
  await until('the erasure is on record', async () => (await marks()) > before || undefined);
  slowMotion.release('download');
  expect((await erasing).status).toBe(200);
  expect(worker.lines.some(({ outcome }) => outcome === 'employee_erased')).toBe(true);
  expect(await stage.store.list('employees/running/')).toEqual([]);
}, 180_000);

it('completes what a crash interrupted', async () => {
  await stage.store.put('employees/half/.rollcall/face_1.jpg.embedding.json', Buffer.from('{}'));
  await stage.store.put('employees/half/face_2.jpg', stage.smallPhoto);
  expect((await remove(`${api.url}/v1/employees/half`)).body.erased).toMatchObject({ photos: 1, embeddings: 1 });
  expect(await stage.store.list('employees/half/')).toEqual([]);
}, 180_000);
