import { afterEach, expect, it } from 'vitest';
import { type Admission, createAdmission } from './admission.js';
import type { QueueLoad } from './throughput.js';

const open: Admission[] = [];
afterEach(() => {
  for (const admission of open.splice(0)) admission.stop();
});

/** Admission over a queue in which `perSecond` jobs end, once that has been measured. */
async function admissionOver(
  perSecond: number,
  waiting: number,
  more: Partial<QueueLoad> = {},
  maxWaitingJobs = 10_000,
) {
  const startedAt = performance.now();
  let looks = 0;
  const admission = createAdmission({
    readLoad: async () => {
      looks++;
      const ended = ((performance.now() - startedAt) / 1000) * perSecond;
      return { waiting, background: 0, memory: 0, ...more, ended };
    },
    maxWaitingJobs,
    lookMs: 110,
  });
  open.push(admission);
  await expect.poll(() => looks, { timeout: 20_000 }).toBeGreaterThan(5);
  return admission;
}

const SYNC = { background: false, deadlineMs: 10_000 };
const ASYNC = { background: true, deadlineMs: 300_000 };

it('accepts what can be answered in time and refuses the rest', async () => {
  const admission = await admissionOver(50, 350);
  // 350 jobs take 7 s; 8 of the 10 s may be used.
  expect(admission.refuse(SYNC)).toBeUndefined();
  const answers = Array.from({ length: 200 }, () => admission.refuse(SYNC));
  const accepted = answers.filter((later) => later === undefined).length;
  expect(accepted).toBeGreaterThan(10);
  expect(accepted).toBeLessThan(120);
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

it('counts what it accepts between two looks', async () => {
  const admission = await admissionOver(1000, 0, {}, 50);
  const accepted = Array.from({ length: 200 }, () => admission.refuse(ASYNC)).filter((later) => later === undefined);
  expect(accepted.length).toBeLessThanOrEqual(60);
});

it('accepts while it knows nothing', () => {
  const admission = createAdmission({ readLoad: () => Promise.reject(new Error('away')), maxWaitingJobs: 1 });
  open.push(admission);
  for (let index = 0; index < 100; index++) expect(admission.refuse(SYNC)).toBeUndefined();
});
