import { expect, it } from 'vitest';
import { zeroes } from './profile.js';
import type { StageRound } from './stage-pass.js';
import { stageRatios } from './stage-ratios.js';

const photoSizes = { smallCpuMs: 20, largeCpuMs: 50, largeBytes: 4e6, ratio: 2.5 };

function round(embedMs: number): StageRound {
  return {
    bare: { ...zeroes(), detect: 5, embed: 15 },
    api: { ...zeroes(), queue: 1 },
    workers: { ...zeroes(), queue: 1, detect: 5, embed: embedMs },
    others: { Redis: 2, supervisors: 0.2, 'load generator': 9 },
  };
}

it('adds the same stage of all processes, Redis to the queue, and divides by the bare pipeline', () => {
  const ratios = stageRatios([round(16)], photoSizes);
  expect(ratios.queue).toBeCloseTo(4 / 20);
  expect(ratios.embed).toBeCloseTo(16 / 20);
  expect(ratios.other).toBeCloseTo(0.2 / 20);
  expect(ratios.everything).toBeCloseTo((4 + 5 + 16 + 0.2) / 20);
  expect(ratios['bare: embed']).toBeCloseTo(0.75);
  expect(ratios['12 MP ÷ 640×480']).toBe(2.5);
});

it('takes the median of the rounds, so that one that was disturbed does not count', () => {
  const ratios = stageRatios([round(16), round(80), round(17)], photoSizes);
  expect(ratios.embed).toBeCloseTo(17 / 20);
});
