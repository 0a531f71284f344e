import { expect, it } from 'vitest';
import { parseBenchOptions } from './options.js';
import { type ComparedPoint, medianPoint } from './report.js';
import { median } from './statistics.js';

function point(perSecond: number, ratio: number, errors: number): ComparedPoint {
  const common = { clients: 8, p50: 1, p95: 2, p99: 3, residentMb: {}, shareMb: {}, redisBytes: undefined, bare: 100 };
  return { ...common, perSecond, ratio, errors, cpuMs: { API: perSecond / 10 } };
}

it('takes the middle of an odd number and the mean of the two middle ones of an even number', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

it('has medians of the rounds, but every error', () => {
  const merged = medianPoint([point(60, 0.6, 1), point(70, 0.7, 0), point(20, 0.2, 2)]);
  expect(merged).toMatchObject({ clients: 8, perSecond: 60, ratio: 0.6, errors: 3, ratios: [0.6, 0.7, 0.2] });
  expect(merged.cpuMs).toEqual({ API: 6 });
});

it('measures S3 by itself only where there is a MinIO program', () => {
  expect(parseBenchOptions([], () => true)).toMatchObject({ stores: ['filesystem'], peer: true, rounds: 3 });
  expect(parseBenchOptions(['--no-peer', '--quick'], () => false)).toMatchObject({
    stores: ['filesystem', 's3'],
    peer: false,
    rounds: 1,
    clients: [1, 8, 64],
  });
});

it('refuses what it does not understand', () => {
  expect(() => parseBenchOptions(['--stores', 'tape'], () => false)).toThrow(/--stores/);
  expect(() => parseBenchOptions(['--clients', '8,many'], () => false)).toThrow(/--clients/);
  expect(() => parseBenchOptions(['--second', '3'], () => false)).toThrow();
});
