import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Admission, createAdmission } from './admission.js';
import type { QueueLoad } from './throughput.js';

const open: Admission[] = [];
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => {
  for (const admission of open.splice(0)) admission.stop();
  vi.useRealTimers();
});

/** Admission over a queue in which `perSecond` jobs end, once that has been measured. */
async function admissionOver(
  perSecond: number,
  waiting: number,
  more: Partial<QueueLoad> = {},
  maxWaitingJobs = 10_000,
) {
  const startedAt = performance.now();
  const admission = createAdmission({
    readLoad: async () => {
      const ended = ((performance.now() - startedAt) / 1000) * perSecond;
      return { waiting, background: 0, memory: 0, ...more, ended };
    },
    maxWaitingJobs,
  });
  open.push(admission);
  await vi.advanceTimersByTimeAsync(3_000);
  return admission;
}

const SYNC = { background: false, deadlineMs: 10_000 };
const ASYNC = { background: true, deadlineMs: 300_000 };

it('accepts what can be answered in time and refuses the rest', async () => {
  const admission = await admissionOver(50, 350);
  // 350 jobs take 7 s; 8 of the 10 s may be used.
  const answers = Array.from({ length: 200 }, () => admission.refuse(SYNC));
  expect(answers.filter((later) => later === undefined)).toHaveLength(51);
  const laters = answers.filter((later) => later !== undefined);
  for (const later of laters) {
    expect(Number.isInteger(later)).toBe(true);
    expect(later).toBeGreaterThanOrEqual(1);
  }
  expect(new Set(laters).size).toBeGreaterThan(1);
  expect(admission.refuse({ background: false, deadlineMs: 60_000 })).toBeUndefined();
  expect(admission.refuse(ASYNC)).toBeUndefined();
});

it('lets those who can wait have a quarter of the work at least', async () => {
  const admission = await admissionOver(40, 100, { background: 1000 });
  expect(admission.estimate(100, false)).toBeCloseTo(100 / 30, 0);
  expect(admission.estimate(1000, true)).toBeCloseTo(100, -1);
  expect(admission.refuse({ background: true, deadlineMs: 60_000 })).toBeGreaterThan(0);
  expect(admission.refuse(ASYNC)).toBeUndefined();
});

it('accepts a few however bad the estimate, so that it can get better', async () => {
  const stuck = await admissionOver(0.01, 3);
  expect(stuck.refuse(SYNC)).toBeUndefined();
});

it('refuses everything beyond the bound and when Redis is nearly full', async () => {
  const bounded = await admissionOver(1000, 100, {}, 100);
  expect(bounded.refuse(ASYNC)).toBeGreaterThan(0);
  const full = await admissionOver(1000, 0, { memory: 0.95 });
  expect(full.refuse(SYNC)).toBeGreaterThan(0);
});

it('keeps to the bound from its first look on', async () => {
  let isAway = true;
  const admission = createAdmission({
    readLoad: async () => {
      if (isAway) throw new Error('away');
      return { waiting: 0, background: 5, memory: 0, ended: 0 };
    },
    maxWaitingJobs: 5,
  });
  open.push(admission);
  await vi.advanceTimersByTimeAsync(0);
  expect(admission.refuse(ASYNC)).toBeUndefined();
  isAway = false;
  await admission.look();
  expect(admission.refuse(ASYNC)).toBeGreaterThan(0);
});

it('counts what it accepts between two looks', async () => {
  const admission = await admissionOver(1000, 0, {}, 50);
  const accepted = () =>
    Array.from({ length: 200 }, () => admission.refuse(ASYNC)).filter((later) => later === undefined);
  expect(accepted()).toHaveLength(50);
  await vi.advanceTimersByTimeAsync(250);
  expect(accepted()).toHaveLength(50);
});

it('accepts until it has seen for a while how fast jobs end', async () => {
  // A worker has started half a second ago and has ended ten jobs.
  let ended = 0;
  const admission = createAdmission({
    readLoad: async () => ({ waiting: 1000, background: 0, memory: 0, ended }),
    maxWaitingJobs: 10_000,
  });
  open.push(admission);
  await vi.advanceTimersByTimeAsync(5_000);
  for (let half = 0; half < 2; half++) {
    ended += 5;
    await vi.advanceTimersByTimeAsync(250);
  }
  expect(admission.refuse(SYNC)).toBeUndefined();
});

it('accepts while it knows nothing', () => {
  const admission = createAdmission({ readLoad: () => Promise.reject(new Error('away')), maxWaitingJobs: 1 });
  open.push(admission);
  for (let index = 0; index < 100; index++) expect(admission.refuse(SYNC)).toBeUndefined();
});
