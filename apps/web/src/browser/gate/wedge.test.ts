import { describe, expect, it } from 'vitest';
import { createWedge, type KeyMeaning } from './wedge.js';

/** Types keys with so many milliseconds between them; what the last one meant. */
function type(keys: readonly string[], gapMs: number, wedge = createWedge(), from = 1000): KeyMeaning {
  let meaning: KeyMeaning = { kind: 'other' };
  keys.forEach((key, index) => {
    meaning = wedge({ key, time: from + index * gapMs, isCombination: false });
  });
  return meaning;
}

describe('the wedge', () => {
  it.each([1, 8, 20, 45])('takes keys %i ms apart for a scanner', (gap) => {
    expect(type([...'1001', 'Enter'], gap)).toEqual({ kind: 'scan', text: '1001' });
  });

  it.each([60, 90, 200])('takes keys %i ms apart for a person', (gap) => {
    expect(type([...'1001', 'Enter'], gap)).toEqual({ kind: 'other' });
  });

  it('reads capitals, which scanners type with Shift', () => {
    expect(type(['Shift', 'A', 'Shift', 'B', '-', '7', 'Enter'], 5)).toEqual({ kind: 'scan', text: 'AB-7' });
  });

  it('leaves what a person typed before out of a scan', () => {
    const wedge = createWedge();
    type([...'12'], 150, wedge, 0);
    expect(type([...'4711', 'Enter'], 5, wedge, 5000)).toEqual({ kind: 'scan', text: '4711' });
  });

  it('needs three characters', () => {
    expect(type([...'12', 'Enter'], 5)).toEqual({ kind: 'other' });
    expect(type([...'123', 'Enter'], 5)).toEqual({ kind: 'scan', text: '123' });
  });

  it('says which keys belong to a scan before it ends', () => {
    expect(type([...'12'], 5)).toEqual({ kind: 'other' });
    expect(type([...'123'], 5)).toEqual({ kind: 'part' });
  });

  it.each(['Tab', 'ArrowLeft', 'Backspace', 'Dead'])('begins anew after %s', (key) => {
    expect(type([...'12', key, ...'3', 'Enter'], 5)).toEqual({ kind: 'other' });
  });

  it('begins anew after a combination, which is also what a key that is held down is told as', () => {
    const wedge = createWedge();
    for (let time = 0; time < 300; time += 30) wedge({ key: 'a', time, isCombination: true });
    expect(wedge({ key: 'Enter', time: 310, isCombination: false })).toEqual({ kind: 'other' });
  });

  it('does not take two scans for one', () => {
    const wedge = createWedge();
    expect(type([...'1001', 'Enter'], 5, wedge, 0)).toEqual({ kind: 'scan', text: '1001' });
    expect(type([...'2002', 'Enter'], 5, wedge, 25)).toEqual({ kind: 'scan', text: '2002' });
  });

  it('keeps no endless key stream', () => {
    expect(type([...'x'.repeat(500), 'Enter'], 1)).toMatchObject({ kind: 'scan', text: expect.any(String) });
    expect((type([...'x'.repeat(500), 'Enter'], 1) as { text: string }).text.length).toBeLessThan(200);
  });
});
