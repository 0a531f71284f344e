import { afterAll, beforeAll, expect, it } from 'vitest';
import { get } from '../src/support/client.js';
import { createLedger } from '../src/support/ledger.js';
import type { RollcallProcess, System } from '../src/support/rollcall.js';
import { until } from '../src/support/until.js';
import { createSlowMotion, deadly } from './slow-motion.js';
import { ASYNC, openStage, type Stage } from './stage.js';
import { inferencePids } from './worker-log.js';

const slowMotion = createSlowMotion();
let stage: Stage;
let api: System;
let worker: RollcallProcess;

const PROCESSES = 2;
const CONCURRENCY = 4;
/** Deaths that a photo may cause before its job is failed. */
const MAX_DEATHS = 2;

/** Long enough for a process to fill up with jobs, whenever the killer comes. */
const DOWNLOAD_MS = 300;

beforeAll(async () => {
  stage = await openStage();
  const settings = {
    WORKER_PROCESSES: `${PROCESSES}`,
    WORKER_CONCURRENCY: `${CONCURRENCY}`,
    SLOW_MOTION_DOWNLOAD_MS: `${DOWNLOAD_MS}`,
    ...slowMotion.settings,
  };
  [api, worker] = await Promise.all([stage.addApi(), stage.addWorker(settings)]);
});
afterAll(() => stage.close());

it('a photo that kills native code fails after two deaths, and takes nobody along', async () => {
  const ledger = createLedger();
  slowMotion.hold('download');
  const killer = stage.case(0);
  const { jobId: killerId = '' } = await ledger.verify(api.url, killer.employeeId, deadly(killer.photo), {
    headers: ASYNC,
  });
  // Both processes are full, the killer's too, when it strikes; and as many again wait.
  const companions = await stage.submit(ledger, api, PROCESSES * CONCURRENCY - 1);
  await Promise.all([killerId, ...companions].map((id) => slowMotion.reached('download', id)));
  await stage.submit(ledger, api, PROCESSES * CONCURRENCY);
  slowMotion.release('download');
  await until('the killer has struck', () => (deaths() > 0 ? true : undefined));

  let isAtLarge = true;
  const end = get(`${api.url}/v1/jobs/${killerId}?wait=60`).finally(() => {
    isAtLarge = false;
  });
  let served = 0;
  while (isAtLarge) expect((await stage.ask(ledger, api, stage.case(served++))).status).toBe(200);
  const { body } = await end;
  expect([body.status, body.response.body.code]).toEqual(['failed', 'internal_error']);
  expect(served).toBeGreaterThan(0);
  await stage.sweep();
  await stage.conclude('4. photo that kills native code', ledger, [api]);
  expect(deaths()).toBeLessThanOrEqual(MAX_DEATHS);
  await until('all processes are back', () =>
    inferencePids(worker).length === PROCESSES + deaths() ? true : undefined,
  );
}, 180_000);

function deaths(): number {
  return worker.lines.filter(({ msg }) => msg === 'process died').length;
}
