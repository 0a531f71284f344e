import { expect, it } from 'vitest';
import { duration } from './duration.js';

it.each([
  [0, '0.0 s'],
  [4.25, '4.3 s'],
  [90, '90 s'],
  [600, '10 min'],
  [10_800, '3 h'],
  [864_000, '10 d'],
])('%d seconds are told as %s', (seconds, words) => {
  expect(duration(seconds)).toBe(words);
});
