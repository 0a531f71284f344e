import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { get, remove } from '../src/support/client.js';
import { createLedger } from '../src/support/ledger.js';
import type { System } from '../src/support/rollcall.js';
import { ASYNC, openStage, type Stage } from './stage.js';
import { decisions } from './worker-log.js';

const TIMES = 50;

let stage: Stage;
let apis: System[];

beforeAll(async () => {
  stage = await openStage();
  apis = await Promise.all([stage.addApi(), stage.addApi()]);
});
afterEach(async () => {
  await stage.redis.flushall();
});
afterAll(() => stage.close());

/** Asks the two APIs in turn. */
const api = (index: number) => apis[index % 2] as System;

it('50 requests with one Idempotency-Key at once, at two APIs: one job, with one answer for all', async () => {
  const ledger = createLedger();
  const worker = await stage.addWorker();
  const headers = { 'idempotency-key': 'burst' };
  const asked = stage.case(0);
  const answers = await Promise.all(
    Array.from({ length: TIMES }, (_, index) => stage.ask(ledger, api(index), asked, headers)),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(TIMES).fill(200));
  const [id = '', ...others] = new Set(answers.map(({ jobId }) => jobId));
  expect(others).toEqual([]);
  expect((await stage.ask(ledger, api(1), asked, headers)).body).toEqual(answers[0]?.body);
  // Who came late has brought the photo of a job that had ended: the reconciler takes it away.
  await stage.conclude('10. one Idempotency-Key 50 times in parallel', ledger, apis);
  expect(decisions(worker, id)).toBe(1);
  await stage.stop(worker);
}, 120_000);

it('a job that was cancelled stays cancelled for its key, though the note that it is recorded is missing', async () => {
  const ledger = createLedger();
  const headers = { ...ASYNC, 'idempotency-key': 'regretted' };
  const { jobId = '' } = await stage.ask(ledger, api(0), stage.case(0), headers);
  const [key = ''] = await stage.redis.keys('{rollcall}:idempotency:*');
  const note = JSON.parse((await stage.redis.get(key)) ?? '');
  expect(note).toMatchObject({ jobId, recorded: true });
  // As an API leaves it that is killed between the job and the note.
  await stage.redis.set(key, JSON.stringify({ ...note, recorded: false }));
  expect((await remove(`${api(0).url}/v1/jobs/${jobId}`)).status).toBe(200);
  const again = await stage.ask(createLedger(), api(1), stage.case(0), headers);
  expect([again.status, again.body.code]).toEqual([409, 'cancelled']);
  await stage.addWorker();
  expect((await get(`${api(1).url}/v1/jobs/${jobId}`)).body.status).toBe('cancelled');
  expect(await stage.uploads()).toEqual([]);
}, 120_000);
