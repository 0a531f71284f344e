import { expect, it } from 'vitest';
import { drawArrivals, PEAK_FACTOR } from './arrivals.js';
import type { Costs, VerificationCosts } from './costs.js';
import { createRandom } from './random.js';
import { figures } from './report.js';
import { type Arrivals, type Scenario, simulate } from './simulate.js';
import { DEFAULT_SITE, type SiteOptions } from './site.js';
import { findSize } from './size.js';

const STORE: VerificationCosts = {
  api: { acceptMs: 1, replyMs: 2, poolMs: 1, overheardMs: 0.2 },
  redis: { addMs: 0.2, finishMs: 0.5, overheardMs: 0.05, askMs: 0.1, commands: 40, bytes: 5000 },
  worker: { beginMs: 1, finishMs: 1, askMs: 0.5, decodeMs: 4, detectMs: 7, embedMs: 13, variation: 0.2 },
  store: { putLatencyMs: 3, readLatencyMs: 2, serverMs: 4, bytes: 60_000 },
  clientMs: 0.8,
};
const COSTS: Costs = {
  at: '2026-01-01T00:00:00.000Z',
  machine: { model: 'of the test', cores: 2, node: 'v20' },
  barePerSecond: 40,
  slowdown: 0.1,
  refuseMs: 0.2,
  poll: { apiMs: 0.2, redisMs: 0.05 },
  hopMs: 0.05,
  idleMs: { api: 3, redis: 3, worker: 2 },
  stores: { filesystem: STORE, s3: STORE },
};
/** Everything but the embedding is for nothing. */
const FREE: VerificationCosts = {
  api: { acceptMs: 0, replyMs: 0, poolMs: 0, overheardMs: 0 },
  redis: { addMs: 0, finishMs: 0, overheardMs: 0, askMs: 0, commands: 0, bytes: 0 },
  worker: { beginMs: 0, finishMs: 0, askMs: 0, decodeMs: 0, detectMs: 0, embedMs: 10, variation: 1 },
  store: { putLatencyMs: 0, readLatencyMs: 0, serverMs: 0, bytes: 0 },
  clientMs: 0,
};

function coming(perSecond: number, seconds: number, more: Partial<Arrivals> = {}): Arrivals {
  const times = drawArrivals(createRandom(2), Math.round(perSecond * seconds), seconds / 60, 'poisson');
  return { kind: 'arrivals', times, gates: 0, walkMs: 0, retry: true, ...more };
}

function scenario(site: Partial<SiteOptions>, load: Scenario['load'], seed = 1): Scenario {
  return { site: { ...DEFAULT_SITE, ...site }, load, seed };
}

it('is M/M/1 when only the embedding costs anything', () => {
  const costs: Costs = { ...COSTS, hopMs: 0, refuseMs: 0, slowdown: 0, stores: { filesystem: FREE, s3: FREE } };
  const site = { workers: 1, concurrency: 1, networkMs: 0, maxWaitingJobs: 1e9, syncTimeoutMs: 60_000 };
  const { answerMs } = simulate(scenario(site, coming(70, 1500)), costs);
  expect(Math.abs((answerMs.mean() ?? 0) / (10 / 0.3) - 1)).toBeLessThan(0.05);
  // The stay of M/M/1 is exponentially distributed.
  expect(Math.abs((answerMs.percentile(0.95) ?? 0) / ((10 / 0.3) * Math.log(20)) - 1)).toBeLessThan(0.07);
});

it('uses exactly the CPU that its verifications cost', () => {
  const load = coming(40, 60);
  const { decided, events, utilisation } = simulate(scenario({ workers: 4, apis: 2 }, load), COSTS);
  expect(decided).toBe(load.times.length);
  expect(events).toBeGreaterThan(10 * decided);
  const perSecond = decided / ((load.times.at(-1) ?? 0) / 1000);
  // Own requests, and those of the other one.
  expect(utilisation.api).toBeCloseTo((perSecond * (3 + 0.2)) / 2 / 1000, 2);
  expect(utilisation.store).toBeCloseTo((perSecond * 4) / 8 / 1000, 2);
  expect(utilisation.workers).toBeGreaterThan((perSecond * 26) / 4 / 1000 - 0.01);
});

it('has the same result for the same seed, and another for another', () => {
  const load = coming(70, 30);
  const json = (seed: number) => JSON.stringify(figures(simulate(scenario({}, load, seed), COSTS)));
  expect(json(1)).toBe(json(1));
  expect(json(1)).not.toBe(json(2));
});

it('accounts for everybody: decided or refused, whatever happens', () => {
  // Three times what one worker can do.
  const load = coming(120, 30);
  const people = load.times.length;
  const patient = simulate(scenario({ workers: 1 }, load), COSTS);
  expect(patient.decided).toBe(people);
  expect(patient.refused).toBeGreaterThan(100);
  expect(patient.lost).toBe(0);
  const once = simulate(scenario({ workers: 1 }, { ...load, retry: false }), COSTS);
  expect(once.lost).toBe(once.refused);
  expect(once.decided + once.lost).toBe(people);
  expect(once.putOff).toBe(0);
  // What is accepted is answered before the deadline, as admission promises.
  expect(once.answerMs.percentile(0.99)).toBeLessThan(10_000);
});

it('puts off whom it does not answer in time, and they poll', () => {
  const site = { workers: 1, syncTimeoutMs: 60 };
  const load: Arrivals = { ...coming(1, 1), times: Float64Array.from({ length: 12 }, () => 0) };
  const { decided, putOff, polls, requestMs } = simulate(scenario(site, load), COSTS);
  expect(decided).toBe(12);
  expect(putOff).toBeGreaterThan(0);
  expect(requestMs.count).toBe(12 - putOff);
  expect(polls).toBeGreaterThanOrEqual(putOff);
});

it('lets people stand in line before few gates', () => {
  const site = { workers: 8, coresPerMachine: 8 };
  const times = Float64Array.from({ length: 30 }, () => 0);
  const { lineMs, decided, maxWaiting } = simulate(
    scenario(site, { kind: 'arrivals', times, gates: 3, walkMs: 1000, retry: true }),
    COSTS,
  );
  expect(decided).toBe(30);
  expect(maxWaiting).toBeLessThanOrEqual(3);
  expect(lineMs.percentile(0)).toBe(0);
  expect(lineMs.percentile(1)).toBeGreaterThan(9 * 1000);
  expect(lineMs.percentile(1)).toBeLessThan(9 * 1300);
});

it('keeps a closed loop closed', () => {
  const load = { kind: 'closed', clients: 5, warmUpMs: 2000, measuredMs: 20_000 } as const;
  const { perSecond, answerMs } = simulate(scenario({ workers: 1, oneMachineCores: 2 }, load), COSTS);
  // Little's law: clients = rate × time.
  expect((perSecond * (answerMs.mean() ?? 0)) / 1000).toBeGreaterThan(4.7);
  expect((perSecond * (answerMs.mean() ?? 0)) / 1000).toBeLessThan(5.05);
});

it('does more with a GPU that takes the embedding away', () => {
  const load = { kind: 'closed', clients: 64, warmUpMs: 2000, measuredMs: 10_000 } as const;
  const without = simulate(scenario({ workers: 2 }, load), COSTS);
  const gpu = { fixedMs: 1, perFaceMs: 0.3, maxFaces: 16, maxWaitMs: 2 };
  const withGpu = simulate(scenario({ workers: 2, gpu }, load), COSTS);
  expect(withGpu.perSecond / without.perSecond).toBeGreaterThan(1.3);
  expect(withGpu.utilisation.gpu).toBeGreaterThan(0);
});

it('finds the smallest site: with one worker fewer the p99 is missed', () => {
  const demand = { people: 6000, minutes: 1, profile: 'poisson', wantedP99: 500, seed: 1 } as const;
  const { workers, apis, shards, result } = findSize(demand, DEFAULT_SITE, COSTS);
  expect(shards).toBe(1);
  expect(result.answerMs.percentile(0.99)).toBeLessThanOrEqual(500);
  const load = coming(100, 60, { times: drawArrivals(createRandom(1), 6000, 1, 'poisson') });
  const fewer = simulate(scenario({ workers: workers - 1, apis }, load), COSTS);
  expect(fewer.answerMs.percentile(0.99)).toBeGreaterThan(500);
});

it('divides a site that one Redis cannot serve', () => {
  const slow = { ...STORE, redis: { ...STORE.redis, finishMs: 20 } };
  const costs: Costs = { ...COSTS, stores: { filesystem: slow, s3: slow } };
  const demand = { people: 3000, minutes: 1, profile: 'poisson', wantedP99: 3000, seed: 1 } as const;
  expect(findSize(demand, DEFAULT_SITE, costs).shards).toBe(2);
});

it('draws arrivals in order, within the window, as many as people, peaked in the middle', () => {
  const times = drawArrivals(createRandom(1), 100_000, 10, 'peaked');
  expect(times).toHaveLength(100_000);
  expect([...times].every((time, index) => index === 0 || time >= (times[index - 1] ?? 0))).toBe(true);
  expect(times.at(-1)).toBeLessThan(600_000);
  const middle = times.filter((time) => time > 297_000 && time < 303_000).length;
  expect(Math.abs(middle / (1000 * PEAK_FACTOR.peaked) - 1)).toBeLessThan(0.06);
});
