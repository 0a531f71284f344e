import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { get } from '../src/support/client.js';
import { createLedger } from '../src/support/ledger.js';
import type { System } from '../src/support/rollcall.js';
import { ASYNC, openStage, type Stage } from './stage.js';
import { decisions } from './worker-log.js';

let stage: Stage;
let api: System;

beforeAll(async () => {
  stage = await openStage();
  api = await stage.addApi();
});
afterEach(() => stage.clear(api));
afterAll(() => stage.close());

it('waiting ends with 202 when the time is over, and the poll has the answer of the same job', async () => {
  const ledger = createLedger();
  const { status, body } = await stage.ask(ledger, api, stage.case(0), { prefer: 'wait=1' });
  expect(status).toBe(202);
  expect((await get(`${api.url}${body.status_url}`)).body.status).toBe('queued');
  await stage.addWorker();
  await stage.conclude('12. no worker within the time that a caller waits', ledger, [api]);
}, 180_000);

it('is not ready without a worker', async () => {
  const { status, body } = await get(`${api.url}/readyz`);
  expect([status, body.status, body.checks.workers.ok]).toEqual([503, 'not_ready', false]);
  expect(body.checks).toMatchObject({ redis: { ok: true }, store: { ok: true } });
}, 180_000);

it('expires what no worker took in time, without working on it', async () => {
  const hasty = await stage.addApi({ JOB_DEADLINE_MS: '300' });
  const { status, body } = await stage.ask(createLedger(), hasty, stage.case(0), ASYNC);
  expect(status).toBe(202);
  await sleep(400);
  const worker = await stage.addWorker();
  expect((await get(`${api.url}${body.status_url}?wait=30`)).body).toMatchObject({
    status: 'expired',
    response: { status: 503, body: { code: 'expired' } },
  });
  expect(decisions(worker, body.job_id)).toBe(1);
  expect(worker.lines.find(({ job_id }) => job_id === body.job_id)).not.toHaveProperty('stage_ms');
  await stage.noUploadLeft();
}, 180_000);
