import { describe, expect, it } from 'vitest';
import type { Comparisons } from './compare-all.js';
import { createDistanceHistogram } from './histogram.js';
import { proposeThreshold, ratesAt, upperQuantile, wilson } from './rates.js';

function comparisons(genuine: readonly number[], impostor: readonly number[], people: number): Comparisons {
  const [ofOne, ofTwo] = [createDistanceHistogram(), createDistanceHistogram()];
  for (const distance of genuine) ofOne.add(distance);
  for (const distance of impostor) ofTwo.add(distance);
  return { genuine: ofOne, impostor: ofTwo, people, peopleWithPairs: people };
}

describe('the interval of a rate', () => {
  it("is Wilson's", () => {
    // 10 of 100: 0.0552 to 0.1744 (R: binom.confint(10, 100, methods = "wilson")).
    const { low, high } = wilson(0.1, 100);
    expect([low, high]).toEqual([expect.closeTo(0.0552, 4), expect.closeTo(0.1744, 4)]);
  });

  it('does not vanish where no error was seen, and is everything where nothing was', () => {
    expect(wilson(0, 10)).toEqual({ value: 0, low: 0, high: expect.closeTo(0.2775, 4) });
    expect(wilson(0, 0)).toEqual({ value: 0, low: 0, high: 1 });
  });
});

describe('error rates', () => {
  const compared = comparisons([0.2, 0.4, 0.6, 0.7], [0.5, 0.8, 0.9, 1, 1.1], 5);

  it('count what is up to the threshold as a match', () => {
    const { far, frr } = ratesAt(0.6, compared);
    expect([far.value, frr.value]).toEqual([0.2, 0.25]);
    expect(ratesAt(0.4999, compared).far.value).toBe(0);
    expect(ratesAt(0.5, compared).far.value).toBe(0.2);
  });

  it('take people for trials, not photos', () => {
    expect(ratesAt(0.1, compared).far.high).toBe(wilson(0, 10).high);
    expect(ratesAt(0.7, compared).frr.high).toBe(wilson(0, 5).high);
  });
});

describe('the proposed threshold', () => {
  it('is the one that was counted, when that is the stricter', () => {
    // 1,000 strangers around 0.95, and 20 lookalikes: a tail that a normal distribution does not have.
    const strangers = Array.from({ length: 1000 }, (_, i) => 0.9 + i * 0.0001);
    const lookalikes = Array.from({ length: 20 }, (_, i) => 0.4 + i * 0.01);
    // 9 of 1,020: of 499,500 pairs of people, that is at most 0.91 %.
    const proposal = proposeThreshold(0.0095, comparisons([], [...strangers, ...lookalikes], 1000));
    expect(proposal).toMatchObject({ basis: 'observed', threshold: 0.489, shown: true });
  });

  it('is by the shape of the distribution, when there are too few to count', () => {
    const proposal = proposeThreshold(0.0001, comparisons([], [0.8, 0.9, 1], 3));
    // Mean 0.9, deviation 0.1: 0.9 − 3.719 · 0.1.
    expect(proposal).toMatchObject({ basis: 'fitted', threshold: 0.528, shown: false });
  });

  it('knows the quantiles of the normal distribution', () => {
    expect(upperQuantile(0.0001)).toBeCloseTo(3.719, 2);
    expect(upperQuantile(0.025)).toBeCloseTo(1.96, 2);
  });
});
