import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createAdmission as createApisAdmission } from '../../../apps/api/src/jobs/admission.js';
import { createAdmission } from './admission.js';
import { createAgenda } from './agenda.js';
import { createRandom } from './random.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('decides as the API does', async () => {
  const random = createRandom(5);
  const queue = { waiting: 0, ended: 0 };
  const agenda = createAgenda();
  const simulated = createAdmission(agenda, random, queue, 600);
  const api = createApisAdmission({
    readLoad: async () => ({ ...queue, background: 0, memory: 0 }),
    maxWaitingJobs: 600,
  });
  await vi.advanceTimersByTimeAsync(0);
  let refused = 0;
  let accepted = 0;
  // 40 jobs end a second; how many come swings between none and 120.
  for (let tick = 1; tick <= 400; tick++) {
    const now = tick * 100;
    agenda.at(now - 100, () => undefined);
    agenda.run(() => agenda.now >= now - 100);
    const coming = 6 * (1 + Math.sin(tick / 25));
    for (let index = 0; index < coming; index++) {
      const [ours, theirs] = [simulated.refuse(10_000), api.refuse({ background: false, deadlineMs: 10_000 })];
      expect(ours === undefined, `at ${now} ms`).toBe(theirs === undefined);
      if (ours === undefined) {
        accepted++;
        queue.waiting++;
      } else refused++;
    }
    const ended = Math.min(4, queue.waiting);
    queue.waiting -= ended;
    queue.ended += ended;
    const estimate = api.estimate(100, false);
    if (estimate === undefined) expect(simulated.estimate(100)).toBeUndefined();
    else expect(simulated.estimate(100)).toBeCloseTo(estimate, 1);
    await vi.advanceTimersByTimeAsync(100);
  }
  api.stop();
  expect(accepted).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(100);
});
