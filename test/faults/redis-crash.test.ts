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
import { type SentinelSystem, startSentinels } from '../src/support/sentinel.js';

const JOBS = 60;
const AWAY_MS = 2_000;
const ASYNC = { prefer: 'respond-async' };

describe.skipIf(isNetworkStageMissing())('Redis is killed', { timeout: 240_000 }, () => {
  let stage: NetworkStage;
  let sentinels: SentinelSystem | undefined;

  beforeAll(async () => {
    stage = await startNetworkStage();
  });
  afterEach(() => stage.clear());
  afterAll(async () => {
    await sentinels?.stop();
    await stage?.stop();
  });

  it('and comes back with its append-only file: nothing is lost', async () => {
    const ledger = createLedger();
    const api = await stage.api();
    const answers = [...verifyMany(ledger, api.url, JOBS / 2), ...verifyMany(ledger, api.url, JOBS / 2, ASYNC)];
    await untilQueued(stage.redis.url, JOBS);
    const worker = await stage.worker();
    await worker.line(({ msg }) => msg === 'job');
    await stage.redis.kill();
    await sleep(AWAY_MS);
    await stage.redis.restart();
    await Promise.all(answers);
    const report = await ledger.settle([api.url]);
    expect(report).toMatchObject({ accepted: JOBS, exactlyOnce: JOBS });
    reportFault('6.4 Redis killed and restarted (AOF)', report);
    await expectRecovery(api.url);
  });

  it('and leaves no upload behind', async () => {
    await stage.expectSwept();
  });

  it('and Sentinels put its replica in its place: what was replicated is carried out', async () => {
    const ledger = createLedger();
    sentinels = await startSentinels();
    const { url, master, replicated } = sentinels;
    const behind = { REDIS_URL: url };
    const [api, other] = [await stage.api(behind), await stage.api(behind)];
    const answers = [...verifyMany(ledger, api.url, JOBS / 2), ...verifyMany(ledger, api.url, JOBS / 2, ASYNC)];
    await untilQueued(master.url, JOBS);
    await replicated();
    await master.kill();
    await stage.worker(behind);
    await Promise.all(answers);
    await expectRecovery(api.url);
    await master.restart();
    await expectRecovery(other.url);
    const report = await ledger.settle([api.url, other.url]);
    expect(report).toMatchObject({ accepted: JOBS, exactlyOnce: JOBS });
    reportFault('6.5 Redis fails over with Sentinel', report);
  });
});
