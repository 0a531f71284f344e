import { expect, it } from 'vitest';
import { compareRatios, regressions } from './regression.js';

const limits = { factor: 1.25, floor: 0.01 };
const verdictOf = (before: number, now: number) => compareRatios({ a: before }, { a: now }, limits)[0]?.verdict;

it('tells a stage that is dearer by more than a quarter and by more than the floor', () => {
  expect(verdictOf(0.1, 0.13)).toBe('regressed');
  expect(verdictOf(0.1, 0.1249)).toBe('ok');
});

it('lets a small stage double while the difference is no more than noise', () => {
  expect(verdictOf(0.005, 0.01)).toBe('ok');
  expect(verdictOf(0.005, 0.0151)).toBe('regressed');
  expect(verdictOf(0, 0.009)).toBe('ok');
  expect(verdictOf(0, 0.02)).toBe('regressed');
});

it('does not let a large stage grow by a quarter because the floor is small, nor fail below it', () => {
  expect(verdictOf(0.6, 0.74)).toBe('ok');
  expect(verdictOf(0.6, 0.76)).toBe('regressed');
});

it('tells improvements, so that the baseline can follow, and stages that are new or gone', () => {
  expect(verdictOf(0.2, 0.1)).toBe('improved');
  expect(compareRatios({ a: 0.1 }, { b: 0.1 }, limits).map(({ verdict }) => verdict)).toEqual(['gone', 'new']);
});

it('fails where something could not be measured', () => {
  expect(verdictOf(0.1, Number.NaN)).toBe('regressed');
});

it('allows a stage that cannot be measured better a floor of its own', () => {
  const own = { ...limits, floors: { a: 0.05 } };
  expect(compareRatios({ a: 0.1, b: 0.1 }, { a: 0.14, b: 0.14 }, own).map(({ verdict }) => verdict)).toEqual([
    'ok',
    'regressed',
  ]);
});

it('counts a stage that is gone as a regression, and neither a new nor an improved one', () => {
  const comparisons = compareRatios({ a: 0.1, b: 0.1, c: 0.1, e: 0.1 }, { a: 0.2, c: 0.05, d: 0.1, e: 0.1 }, limits);
  expect(regressions(comparisons)).toEqual(['a', 'b']);
});
