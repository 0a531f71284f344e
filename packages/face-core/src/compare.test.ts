import { describe, expect, it } from 'vitest';
import { cosineDistance, normalise, rankReferences } from './compare.js';

describe('comparison', () => {
  it('normalises to length 1 and returns the length', () => {
    const vector = Float32Array.of(3, 4);
    expect(normalise(vector)).toBe(5);
    expect(vector).toEqual(Float32Array.of(0.6, 0.8));
    expect(normalise(Float32Array.of(0, 0))).toBe(0);
  });

  it('measures 0 for the same, 1 for a right angle, 2 for the opposite', () => {
    const one = Float32Array.of(1, 0);
    expect(cosineDistance(one, one)).toBe(0);
    expect(cosineDistance(one, Float32Array.of(0, 1))).toBe(1);
    expect(cosineDistance(one, Float32Array.of(-1, 0))).toBe(2);
    expect(() => cosineDistance(one, Float32Array.of(1))).toThrow(RangeError);
  });

  it('takes the least distance over all references', () => {
    const references = [
      [0, 1],
      [0.8, 0.6],
      [-1, 0],
    ].map((values) => ({ embedding: Float32Array.from(values) }));
    const [nearest] = rankReferences(Float32Array.of(1, 0), references);
    expect(nearest?.reference).toBe(references[1]);
    expect(nearest?.distance).toBeCloseTo(0.2, 6);
    expect(rankReferences(Float32Array.of(1, 0), [])[0]).toBeUndefined();
  });
});
