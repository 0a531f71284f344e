import { expect, it } from 'vitest';
import { parsePrefer } from './prefer.js';

it.each([
  [undefined, { waitMs: 10_000, isAsync: false }],
  ['', { waitMs: 10_000, isAsync: false }],
  ['respond-async', { waitMs: 0, isAsync: true, applied: 'respond-async' }],
  ['wait=3', { waitMs: 3000, isAsync: false, applied: 'wait=3' }],
  ['wait=0', { waitMs: 0, isAsync: true, applied: 'wait=0' }],
  ['WAIT = 3', { waitMs: 3000, isAsync: false, applied: 'wait=3' }],
  ['wait="3"', { waitMs: 3000, isAsync: false, applied: 'wait=3' }],
  ['respond-async, wait=5', { waitMs: 5000, isAsync: true, applied: 'respond-async, wait=5' }],
  ['wait=100000', { waitMs: 60_000, isAsync: false, applied: 'wait=60' }],
  ['return=minimal; foo, respond-async', { waitMs: 0, isAsync: true, applied: 'respond-async' }],
  ['wait=-1', { waitMs: 10_000, isAsync: false }],
  ['wait=soon', { waitMs: 10_000, isAsync: false }],
])('Prefer: %s', (header, expected) => {
  expect(parsePrefer(header, 10_000)).toEqual(expected);
});
