import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { get } from '../src/support/client.js';
import { createLedger } from '../src/support/ledger.js';
import { until } from '../src/support/until.js';
import { ASYNC, openStage, type Stage } from './stage.js';

/** What is lost is found within 45 s; the rest is for a busy machine. */
const FOUND_MS = 90_000;

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});
afterEach(() => stage.clear());
afterAll(() => stage.close());

const status = async (url: string, id: string) => (await get(`${url}/v1/jobs/${id}`)).body.status;

it('Redis loses everything: jobs whose photos are there are found again and carried out', async () => {
  const ledger = createLedger();
  const api = await stage.addApi();
  const ids = await stage.submit(ledger, api, 5);
  await stage.redis.flushall();
  await stage.addWorker();
  for (const id of ids) {
    const isKnown = async () => ((await get(`${api.url}/v1/jobs/${id}`)).status === 200 ? true : undefined);
    await until('the job is known again', isKnown, FOUND_MS);
  }
  const { exactlyOnce } = await stage.conclude('11. Redis loses everything', ledger, [api]);
  expect(exactlyOnce).toBe(ids.length);
}, 180_000);

it('Redis loses everything: jobs for which it is too late end as expired, and their photos go', async () => {
  const api = await stage.addApi({ JOB_DEADLINE_MS: '1000' });
  const { jobId = '' } = await stage.ask(createLedger(), api, stage.case(0), ASYNC);
  await stage.redis.flushall();
  await sleep(1_000);
  const isExpired = async () => ((await status(api.url, jobId)) === 'expired' ? true : undefined);
  await until('the job has expired', isExpired, FOUND_MS);
  await stage.noUploadLeft();
  await stage.addWorker();
  expect(await status(api.url, jobId)).toBe('expired');
}, 180_000);
