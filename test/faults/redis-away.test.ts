import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { get } from '../src/support/client.js';
import { createLedger, reportFault } from '../src/support/ledger.js';
import {
  EMPLOYEE,
  expectRecovery,
  isNetworkStageMissing,
  type NetworkStage,
  RIGHT,
  startNetworkStage,
  untilQueued,
  verifyMany,
} from '../src/support/network-stage.js';

const AT_ONCE_MS = 5_000;
const WAITERS = 500;
const AWAY_MS = 10_000;

describe.skipIf(isNetworkStageMissing())('Redis is away', { timeout: 240_000 }, () => {
  let stage: NetworkStage;

  beforeAll(async () => {
    stage = await startNetworkStage();
  });
  afterEach(() => stage.clear());
  afterAll(() => stage?.stop());

  it('when the API starts: it answers 503 at once, and serves as soon as Redis comes', async () => {
    const ledger = createLedger();
    await stage.wayToRedis.disable();
    const api = await stage.api();
    const refused = await ledger.verify(api.url, EMPLOYEE, RIGHT);
    expect([refused.status, refused.body.code]).toEqual([503, 'queue_unavailable']);
    expect(refused.endedAt - refused.startedAt).toBeLessThan(AT_ONCE_MS);
    expect((await get(`${api.url}/healthz`)).status).toBe(200);
    expect((await get(`${api.url}/readyz`)).body.checks.redis.ok).toBe(false);
    await stage.wayToRedis.enable();
    await stage.worker();
    await expectRecovery(api.url);
    await ledger.verify(api.url, EMPLOYEE, RIGHT, { expected: 'verified' });
    const report = await ledger.settle([api.url]);
    expect(report).toMatchObject({ accepted: 1, exactlyOnce: 1, refused: 1 });
    reportFault('6.1 Redis absent when the API starts', report);
  });

  it('when the worker starts: it waits, and works as soon as Redis comes', async () => {
    const ledger = createLedger();
    const api = await stage.api();
    const headers = { prefer: 'respond-async' };
    for (let i = 0; i < 5; i++) await ledger.verify(api.url, EMPLOYEE, RIGHT, { headers, expected: 'verified' });
    await stage.wayToRedis.disable();
    const worker = stage.spawnWorker();
    await worker.line(({ msg, name }) => msg === 'redis' && name === 'worker');
    await stage.wayToRedis.enable();
    const report = await ledger.settle([api.url]);
    expect(report).toMatchObject({ accepted: 5, exactlyOnce: 5 });
    reportFault('6.2 Redis absent when the worker starts', report);
    await expectRecovery(api.url);
  });

  it('for 10 s while 500 clients wait: every one of them is answered', async () => {
    const ledger = createLedger();
    const api = await stage.api();
    const answers = verifyMany(ledger, api.url, WAITERS);
    await untilQueued(stage.redis.url, WAITERS);
    await stage.worker({ WORKER_PROCESSES: '2' });
    await Promise.any(answers);
    await stage.wayToRedis.disable();
    await sleep(AWAY_MS);
    await stage.wayToRedis.enable();
    await Promise.all(answers);
    const report = await ledger.settle([api.url]);
    expect(report).toMatchObject({ accepted: WAITERS, exactlyOnce: WAITERS, refused: 0, unanswered: 0 });
    reportFault('6.3 Redis gone for 10 s under 500 waiting clients', report);
    await expectRecovery(api.url);
  });

  it('and leaves no upload behind', async () => {
    await stage.expectSwept();
  });
});
