import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLedger, reportFault } from '../src/support/ledger.js';
import {
  expectRecovery,
  isNetworkStageMissing,
  type NetworkStage,
  startNetworkStage,
  untilQueued,
  verifyMany,
} from '../src/support/network-stage.js';
import type { Toxic } from '../src/support/toxiproxy.js';

const JOBS = 20;
const AWAY_MS = 5_000;
/** Above the sum of the time limits of the requests to S3 that one upload needs. */
const BOUND_MS = 45_000;

describe.skipIf(isNetworkStageMissing())('the network to S3', { timeout: 240_000 }, () => {
  let stage: NetworkStage;

  beforeAll(async () => {
    stage = await startNetworkStage();
  });
  afterEach(() => stage.clear());
  afterAll(() => stage?.stop());

  it.each<[string, Toxic]>([
    ['8.1 swallows everything (black hole)', { type: 'timeout', attributes: { timeout: 0 } }],
    ['8.2 carries 1 KB/s', { type: 'bandwidth', attributes: { rate: 1 } }],
    ['8.3 ends connections in mid-upload', { type: 'limit_data', attributes: { bytes: 8_000 } }],
    ['8.4 resets connections', { type: 'reset_peer', attributes: { timeout: 0 } }],
  ])('%s: 503 in bounded time, and what was accepted before is carried out', async (what, toxic) => {
    const ledger = createLedger();
    const api = await stage.api();
    const before = verifyMany(ledger, api.url, 5);
    await untilQueued(stage.redis.url, 5);
    const cure = await stage.wayToS3.poison('upstream', toxic);
    stage.spawnWorker();
    const during = await Promise.all(verifyMany(ledger, api.url, 3));
    expect(during.map(({ status, body }) => [status, body.code])).toEqual(during.map(() => [503, 'store_unavailable']));
    expect(Math.max(...during.map(({ startedAt, endedAt }) => endedAt - startedAt))).toBeLessThan(BOUND_MS);
    await cure();
    await expectRecovery(api.url);
    await Promise.all([...before, ...verifyMany(ledger, api.url, 5)]);
    const report = await ledger.settle([api.url]);
    expect(report).toMatchObject({ accepted: 10, exactlyOnce: 10, refused: during.length, unanswered: 0 });
    reportFault(what.replace(' ', ' The network to S3 '), report);
  });

  it('refuses connections for 5 s: jobs that are being worked on wait for it', async () => {
    const ledger = createLedger();
    const api = await stage.api();
    const answers = verifyMany(ledger, api.url, JOBS);
    await untilQueued(stage.redis.url, JOBS);
    const worker = await stage.worker();
    await worker.line(({ msg }) => msg === 'job');
    await stage.wayToS3.disable();
    await sleep(AWAY_MS);
    await stage.wayToS3.enable();
    await Promise.all(answers);
    const report = await ledger.settle([api.url]);
    expect(report).toMatchObject({ accepted: JOBS, exactlyOnce: JOBS });
    reportFault('8.5 The network to S3 refuses connections for 5 s', report);
    await expectRecovery(api.url);
  });

  it('and leaves no upload behind', async () => {
    await stage.expectSwept();
  });
});
