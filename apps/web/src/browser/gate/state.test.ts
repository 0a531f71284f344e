import { describe, expect, it } from 'vitest';
import { type Happening, next, type Phase, READY } from './state.js';
import type { Trouble, Verdict } from './verdict.js';

const photo = new Blob(['a face']);
const verdict: Verdict = { tone: 'yes', title: 'verdict.yes', detail: null, values: {}, employeeId: '1001' };
const trouble: Trouble = {
  title: 'trouble.busy',
  detail: 'trouble.busy.detail',
  values: {},
  canRetry: true,
  needsNewKey: false,
  retryAfterSeconds: 2,
  needs: null,
};
const begin = (id: number): Happening => ({ type: 'begin', attempt: { id, employeeId: '1001' } });
const photographed = (id: number): Happening => ({ type: 'photographed', id, photo, key: `key ${id}` });
const after = (...happenings: Happening[]): Phase => happenings.reduce(next, READY);

describe('the gate', () => {
  it('goes from id to photo to answer to the next person', () => {
    expect(after(begin(1)).name).toBe('aiming');
    expect(after(begin(1), photographed(1))).toMatchObject({
      name: 'asking',
      asked: { id: 1, key: 'key 1', repeats: 0 },
    });
    expect(after(begin(1), photographed(1), { type: 'decided', id: 1, verdict })).toEqual({
      name: 'answered',
      verdict,
    });
    expect(after(begin(1), photographed(1), { type: 'decided', id: 1, verdict }, { type: 'reset' })).toBe(READY);
  });

  it('shows nobody the answer of somebody else that comes late', () => {
    const late: Happening = { type: 'decided', id: 1, verdict };
    const asking = after(begin(1), photographed(1), { type: 'reset' }, begin(2), photographed(2));
    expect(next(asking, late)).toBe(asking);
    expect(next(READY, late)).toBe(READY);
    const aiming = after(begin(1), photographed(1), { type: 'reset' }, begin(2));
    expect(next(aiming, late)).toBe(aiming);
    expect(next(aiming, photographed(1))).toBe(aiming);
    const failed: Happening = { type: 'failed', id: 1, trouble };
    expect(next(asking, failed)).toBe(asking);
  });

  it('does not let a scan put an end to a check that is under way', () => {
    for (const busy of [after(begin(1)), after(begin(1), photographed(1))]) expect(next(busy, begin(2))).toBe(busy);
  });

  it('lets whoever comes next take the place of an answer or of a trouble', () => {
    const stuck = after(begin(1), photographed(1), { type: 'failed', id: 1, trouble });
    const answered = after(begin(1), photographed(1), { type: 'decided', id: 1, verdict });
    for (const phase of [stuck, answered])
      expect(next(phase, begin(2))).toMatchObject({ name: 'aiming', attempt: { id: 2 } });
  });

  it('tries again with the same photo, and counts only what it does by itself', () => {
    const stuck = after(begin(1), photographed(1), { type: 'failed', id: 1, trouble });
    const once = next(stuck, { type: 'retry', key: 'key 1', isAutomatic: true });
    expect(once).toMatchObject({ name: 'asking', asked: { id: 1, photo, key: 'key 1', repeats: 1 } });
    const twice = next(next(once, { type: 'failed', id: 1, trouble }), {
      type: 'retry',
      key: 'key 1',
      isAutomatic: true,
    });
    expect(twice).toMatchObject({ asked: { repeats: 2 } });
    const byHand = next(next(twice, { type: 'failed', id: 1, trouble }), {
      type: 'retry',
      key: 'new',
      isAutomatic: false,
    });
    expect(byHand).toMatchObject({ asked: { key: 'new', repeats: 0 } });
    expect(next(READY, { type: 'retry', key: 'x', isAutomatic: false })).toBe(READY);
  });

  it('keeps a photo no longer than its check', () => {
    const over = [
      after(begin(1), photographed(1), { type: 'decided', id: 1, verdict }),
      after(begin(1), photographed(1), { type: 'reset' }),
    ];
    for (const phase of over) expect(JSON.stringify(phase)).not.toContain('photo');
  });
});
