import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { form, get, post } from '../src/support/client.js';
import { createLedger } from '../src/support/ledger.js';
import { until } from '../src/support/until.js';
import { openStage, type Stage } from './stage.js';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

it('without Redis it is a fast 503 that keeps no photo, and needs nobody to go on', async () => {
  const ledger = createLedger();
  const [api, worker] = await Promise.all([stage.addApi(), stage.addWorker()]);
  const { employeeId, photo } = stage.case(0);
  await stage.server.kill();
  const refused = await until('the API notices', async () => {
    const answer = await post(`${api.url}/v1/verifications`, form(employeeId, photo));
    return answer.body.code === 'queue_unavailable' ? answer : undefined;
  });
  expect([refused.status, refused.headers.get('retry-after'), refused.body.retryable]).toEqual([503, '1', true]);
  await stage.noUploadLeft();
  expect(await get(`${api.url}/readyz`)).toMatchObject({ status: 503, body: { checks: { redis: { ok: false } } } });
  expect(await get(`${api.url}/healthz`)).toMatchObject({ status: 200 });
  await stage.server.restart();
  await until('it answers again', async () => {
    const { status } = await stage.ask(ledger, api, stage.case(0));
    return status === 200 || undefined;
  });
  expect(worker.lines.some(({ msg }) => msg === 'process died')).toBe(false);
  await stage.conclude('6. Redis killed while nobody waits', ledger, [api]);
  const lines = readFileSync(join(stage.settings().DATA_DIR ?? '', 'error_log.txt'), 'utf8')
    .trim()
    .split('\n');
  const errors = lines.map((line) => JSON.parse(line));
  expect(errors.some(({ level, name }) => level === 'error' && name === 'api')).toBe(true);
}, 180_000);
