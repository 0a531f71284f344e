import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createLedger } from '../src/support/ledger.js';
import { until } from '../src/support/until.js';
import { createSlowMotion } from './slow-motion.js';
import { openStage, type Stage } from './stage.js';

const JOBS = 12;
/** Longer than a worker's lock on a job lasts. */
const FULL_MS = 8_000;

const slowMotion = createSlowMotion();
let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});
afterEach(async () => {
  slowMotion.reset();
  await stage.clear();
});
afterAll(() => stage.close());

it('Redis holds all it may while workers are at work: 503, and what was accepted is carried out when there is room', async () => {
  const ledger = createLedger();
  const api = await stage.addApi();
  await stage.submit(ledger, api, JOBS);
  const waiting = [0, 1, 2].map((index) => stage.ask(ledger, api, stage.case(index)));
  await stage.waiting(JOBS + waiting.length);
  slowMotion.hold('download');
  const worker = await stage.addWorker(slowMotion.settings);
  const [taken = ''] = await until('a job is taken', async () => {
    const active = await stage.redis.lrange('bull:{rollcall}:active', 0, -1);
    return active.length > 0 ? active : undefined;
  });
  await slowMotion.reached('download', taken);
  await stage.redis.config('SET', 'maxmemory', '1mb');
  slowMotion.release('download');
  const refused = await stage.ask(ledger, api, stage.case(0));
  expect([refused.status, refused.body.code]).toEqual([503, expect.stringMatching(/^(overloaded|queue_unavailable)$/)]);
  await sleep(FULL_MS);
  expect((await stage.ask(ledger, api, stage.case(0))).status).toBe(503);
  await stage.redis.config('SET', 'maxmemory', '0');
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200]);
  const { refused: count } = await stage.conclude('13. Redis holds all it may (maxmemory)', ledger, [api]);
  expect(count).toBe(2);
  expect(worker.lines.filter(({ msg }) => msg === 'process died')).toEqual([]);
}, 180_000);
