import { describe, expect, it } from 'vitest';
import { compareAll } from './compare-all.js';

/** A face in the plane, at this angle. */
const face = (person: string, degrees: number) => {
  const angle = (degrees * Math.PI) / 180;
  return { person, name: `${person}${degrees}`, embedding: new Float32Array([Math.cos(angle), Math.sin(angle)]) };
};
const named = (pairs: readonly { one: { name: string }; other: { name: string } }[]) =>
  pairs.map(({ one, other }) => `${one.name} ${other.name}`);

describe('comparing all photos', () => {
  const photos = [face('a', 0), face('a', 10), face('a', 40), face('b', 61), face('b', 90), face('c', 180)];

  it('tells pairs of one person from pairs of two', () => {
    const { genuine, impostor, people, peopleWithPairs } = compareAll(photos, 0);
    expect([genuine.count, impostor.count, people, peopleWithPairs]).toEqual([4, 11, 3, 2]);
    expect(genuine.atMost(0.02)).toBe(1);
    expect(impostor.mean).toBeGreaterThan(genuine.mean);
  });

  it('keeps the pairs that are hardest to tell, the hardest first', () => {
    const { hardestGenuine, hardestImpostor } = compareAll(photos, 2);
    expect(named(hardestGenuine)).toEqual(['a0 a40', 'a10 a40']);
    expect(named(hardestImpostor)).toEqual(['a40 b61', 'a40 b90']);
    expect(hardestImpostor[0]?.distance).toBeCloseTo(1 - Math.cos((21 * Math.PI) / 180), 6);
  });
});
