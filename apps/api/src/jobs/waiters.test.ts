import { afterEach, expect, it } from 'vitest';
import { createDeparture } from './departure.js';
import type { JobEnd } from './ports.js';
import { createWaiters, type Waiters } from './waiters.js';

const FAILED: JobEnd = { kind: 'failed' };
const errors: unknown[] = [];
let waiters: Waiters | undefined;
afterEach(() => waiters?.close());

function create(findEnded: (ids: readonly string[]) => Promise<ReadonlyMap<string, JobEnd>> = async () => new Map()) {
  waiters = createWaiters({ endedJobs: { findEnded }, onError: (error) => errors.push(error), sweepMs: 20 });
  return waiters;
}

it('hands the end to everybody who waits for the job, and to nobody else', async () => {
  const all = create();
  const waiting = [
    all.wait('a', { timeoutMs: 5000 }),
    all.wait('a', { timeoutMs: 5000 }),
    all.wait('b', { timeoutMs: 50 }),
  ];
  expect(all.size).toBe(3);
  all.settle('a', FAILED);
  all.settle('unknown', FAILED);
  expect(await Promise.all(waiting)).toEqual([FAILED, FAILED, undefined]);
  expect(all.size).toBe(0);
});

it('forgets whoever leaves, before or during the wait', async () => {
  const all = create();
  const client = createDeparture();
  const waiting = all.wait('a', { timeoutMs: 60_000, departure: client });
  client.leave();
  expect(await waiting).toBeUndefined();
  expect(await all.wait('a', { timeoutMs: 60_000, departure: client })).toBeUndefined();
  expect(all.size).toBe(0);
});

it('finds an end that no event told', async () => {
  const ended = new Set<string>();
  const all = create(async (ids) => new Map(ids.filter((id) => ended.has(id)).map((id) => [id, FAILED])));
  const waiting = all.wait('a', { timeoutMs: 60_000 });
  ended.add('a');
  expect(await waiting).toEqual(FAILED);
});

it('survives a look-up that fails', async () => {
  let calls = 0;
  const all = create(async () => {
    if (++calls === 1) throw new Error('away');
    return new Map([['a', FAILED]]);
  });
  expect(await all.wait('a', { timeoutMs: 60_000 })).toEqual(FAILED);
  expect(errors).toHaveLength(1);
});

it('lets everybody go when it is closed', async () => {
  const all = create();
  const waiting = Array.from({ length: 1000 }, (_, index) => all.wait(`job ${index}`, { timeoutMs: 60_000 }));
  all.close();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([undefined]));
  expect(await all.wait('late', { timeoutMs: 60_000 })).toBeUndefined();
  expect([all.size, all.closed]).toEqual([0, true]);
});

it('looks up seldom what nobody is kept waiting for', async () => {
  const asked = new Map<string, number>();
  const all = create(async (ids) => {
    for (const id of ids) asked.set(id, (asked.get(id) ?? 0) + 1);
    return new Map();
  });
  const patient = all.wait('patient', { timeoutMs: 60_000, patient: true });
  void all.wait('impatient', { timeoutMs: 60_000 });
  await expect.poll(() => asked.get('impatient') ?? 0, { timeout: 20_000 }).toBeGreaterThan(25);
  expect(asked.get('patient')).toBeGreaterThanOrEqual(1);
  expect(asked.get('patient')).toBeLessThan(5);
  all.settle('patient', FAILED);
  expect(await patient).toEqual(FAILED);
});
