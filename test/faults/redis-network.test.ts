import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLedger, reportFault } from '../src/support/ledger.js';
import {
  expectRecovery,
  isNetworkStageMissing,
  type NetworkStage,
  refusals,
  startNetworkStage,
  untilQueued,
  verifyMany,
} from '../src/support/network-stage.js';
import type { Direction, Toxic } from '../src/support/toxiproxy.js';

const ASYNC = { prefer: 'respond-async' };
const BETWEEN_ROUNDS_MS = 100;
const LATENCY_MS = 300;
/** Above the sum of the time limits of the commands that one request needs. */
const BOUND_MS = 30_000;

describe.skipIf(isNetworkStageMissing())('the network to Redis', { timeout: 240_000 }, () => {
  let stage: NetworkStage;

  beforeAll(async () => {
    stage = await startNetworkStage();
  });
  afterEach(() => stage.clear());
  afterAll(() => stage?.stop());

  // A job takes some 1,500 bytes and its reply 40, so that no connection lasts for more than a few commands.
  it.each<[string, Direction, Toxic]>([
    ['6.6 ends connections in mid-command', 'upstream', { type: 'limit_data', attributes: { bytes: 6_000 } }],
    ['6.7 ends connections in mid-reply', 'downstream', { type: 'limit_data', attributes: { bytes: 200 } }],
    ['6.8 resets connections', 'downstream', { type: 'reset_peer', attributes: { timeout: 50 } }],
  ])('%s: nothing that was accepted is lost', async (what, direction, toxic) => {
    const ledger = createLedger();
    const api = await stage.api();
    const waiting = verifyMany(ledger, api.url, 5);
    await untilQueued(stage.redis.url, 5);
    const cure = await stage.wayToRedis.poison(direction, toxic);
    stage.spawnWorker();
    for (let round = 0; round < 10; round++) {
      await Promise.all(verifyMany(ledger, api.url, 2, ASYNC));
      await sleep(BETWEEN_ROUNDS_MS);
    }
    await cure();
    await expectRecovery(api.url);
    await Promise.all([...waiting, ...verifyMany(ledger, api.url, 5)]);
    const report = await ledger.settle([api.url]);
    expect(refusals(ledger)).toEqual(Array(report.refused).fill('503 queue_unavailable'));
    expect(report.accepted).toBeGreaterThanOrEqual(10);
    expect(report).toMatchObject({ exactlyOnce: report.accepted, unanswered: 0 });
    reportFault(what.replace(' ', ' The network to Redis '), report);
  });

  it('swallows everything for longer than a command may take: 503 in bounded time, and nothing is lost', async () => {
    const ledger = createLedger();
    const api = await stage.api();
    const worker = await stage.worker();
    const before = verifyMany(ledger, api.url, 20);
    await worker.line(({ msg }) => msg === 'job');
    const cures = await Promise.all(
      (['upstream', 'downstream'] as const).map((direction) =>
        stage.wayToRedis.poison(direction, { type: 'timeout', attributes: { timeout: 0 } }),
      ),
    );
    const during = await Promise.all(verifyMany(ledger, api.url, 5));
    expect(during.map(({ status, body }) => [status, body.code])).toEqual(during.map(() => [503, 'queue_unavailable']));
    expect(Math.max(...during.map(({ startedAt, endedAt }) => endedAt - startedAt))).toBeLessThan(BOUND_MS);
    for (const cure of cures) await cure();
    await expectRecovery(api.url);
    await Promise.all(before);
    const report = await ledger.settle([api.url]);
    // Some of those before may not have been accepted yet when the network went.
    expect(report.refused).toBeGreaterThanOrEqual(during.length);
    expect(refusals(ledger)).toEqual(Array(report.refused).fill('503 queue_unavailable'));
    expect(report).toMatchObject({ exactlyOnce: report.accepted, unanswered: 0 });
    reportFault('6.9 The network to Redis swallows everything (black hole)', report);
  });

  it(`takes ${LATENCY_MS} ms: everything works`, async () => {
    const ledger = createLedger();
    await stage.wayToRedis.poison('downstream', { type: 'latency', attributes: { latency: LATENCY_MS } });
    const api = await stage.api();
    await stage.worker();
    const answers = await Promise.all(verifyMany(ledger, api.url, 20));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20);
    const report = await ledger.settle([api.url]);
    expect(report).toMatchObject({ accepted: 20, exactlyOnce: 20 });
    reportFault('6.10 The network to Redis takes 300 ms', report);
  });

  it('and leaves no upload behind', async () => {
    await stage.expectSwept();
  });
});
