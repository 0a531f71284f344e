import { qualityReasonSchema } from '@rollcall/contracts';
import { expect, it } from 'vitest';
import { adviceKey, reasonKey } from './findings.js';
import { TEXTS } from './texts.js';

it.each(qualityReasonSchema.options)('%s has words of its own', (reason) => {
  const others = qualityReasonSchema.options.filter((other) => other !== reason);
  const finding = { reason, measure: null };
  expect(TEXTS.en[adviceKey(finding)]).toBeTruthy();
  expect(others.map((other) => reasonKey({ reason: other, measure: null }))).not.toContain(reasonKey(finding));
});

it('tells a tilted head from a turned one', () => {
  expect(adviceKey({ reason: 'EXTREME_POSE', measure: 'roll' })).not.toBe(
    adviceKey({ reason: 'EXTREME_POSE', measure: 'yaw' }),
  );
});
