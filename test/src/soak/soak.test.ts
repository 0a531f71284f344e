import { expect, it } from 'vitest';
import { soak } from './soak.js';
import { judge } from './tolerances.js';

it('a mixed load leaves nothing behind', async () => {
  const report = await soak({ seconds: 20, clients: 6 });
  for (const { name, wrong } of report.deeds) expect({ name, wrong }).toEqual({ name, wrong: [] });
  expect(report.deeds.reduce((sum, { ok }) => sum + ok, 0)).toBeGreaterThan(report.deeds.length);
  expect(report.alarms).toEqual([]);
  // How much memory is held is for `npm run soak`, which has time.
  expect(judge(report).filter(({ ok, noisy }) => !ok && !noisy)).toEqual([]);
}, 180_000);
