import { JOB_VERSION, versionOf } from '@rollcall/contracts';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createLedger } from '../src/support/ledger.js';
import type { System } from '../src/support/rollcall.js';
import { openStage, QUEUE_KEY, type Stage } from './stage.js';
import { decisions } from './worker-log.js';

let stage: Stage;
let api: System;

beforeAll(async () => {
  stage = await openStage();
  api = await stage.addApi();
});
afterEach(() => stage.clear(api));
afterAll(() => stage.close());

/** Makes a waiting job what another version would have written. */
async function rewrite(id: string, edit: (data: Record<string, unknown>) => void): Promise<void> {
  const data = JSON.parse((await stage.redis.hget(QUEUE_KEY + id, 'data')) ?? '');
  edit(data);
  await stage.redis.hset(QUEUE_KEY + id, 'data', JSON.stringify(data));
}

it('jobs of the version before are carried out', async () => {
  const ledger = createLedger();
  const ids = await stage.submit(ledger, api, 3);
  for (const id of ids) {
    await rewrite(id, (data) => {
      data.version = versionOf('verify') - 1;
      delete data.origin;
    });
  }
  await stage.addWorker();
  const { exactlyOnce } = await stage.conclude('10. jobs of the version before', ledger, [api]);
  expect(exactlyOnce).toBe(ids.length);
}, 120_000);

it('a job of a newer version is left for a newer worker, while others are carried out', async () => {
  const ledger = createLedger();
  const [newer = '', ...others] = await stage.submit(ledger, api, 3);
  await rewrite(newer, (data) => {
    data.version = JOB_VERSION + 1;
    data.kind = 'something new';
  });
  const worker = await stage.addWorker();
  await worker.line(({ msg, job_id }) => msg === 'a job is left for a newer worker' && job_id === newer);
  for (const id of others) await worker.line(({ msg, job_id }) => msg === 'job' && job_id === id);
  expect(decisions(worker, newer)).toBe(0);
  // A newer worker, in little: it understands what the others have left alone.
  await rewrite(newer, (data) => {
    data.version = versionOf('verify');
    data.kind = 'verify';
  });
  await stage.conclude('10. a job of a newer version', ledger, [api]);
}, 120_000);
