import { beforeEach, expect, it } from 'vitest';
import { createQuarantine, type Quarantine } from './quarantine.js';

const CONCURRENCY = 3;
let quarantine: Quarantine;
let limit = CONCURRENCY;

beforeEach(() => {
  limit = CONCURRENCY;
  quarantine = createQuarantine((jobs) => {
    limit = jobs;
  }, CONCURRENCY);
});

const begin = (isSuspect = false) => {
  const end = quarantine.enter(isSuspect);
  if (!end) throw new Error('it was put back');
  return end;
};

it('lets others run beside each other', () => {
  for (const end of [begin(), begin(), begin()]) end();
  expect(limit).toBe(CONCURRENCY);
});

it('puts a suspect back until nothing else runs, and takes nothing new meanwhile', () => {
  const [a, b] = [begin(), begin()];
  expect(quarantine.enter(true)).toBeUndefined();
  expect(limit).toBe(1);
  a();
  expect(quarantine.enter(true)).toBeUndefined();
  b();
  expect(limit).toBe(1);
  const end = begin(true);
  expect(limit).toBe(1);
  end();
  expect(limit).toBe(CONCURRENCY);
});

it('puts everything back that comes beside a suspect, other suspects too', () => {
  const end = begin(true);
  expect(quarantine.enter(false)).toBeUndefined();
  expect(quarantine.enter(true)).toBeUndefined();
  end();
  begin(true)();
  begin()();
  expect(limit).toBe(CONCURRENCY);
});

it('goes on when another process has taken the suspect', () => {
  const a = begin();
  expect(quarantine.enter(true)).toBeUndefined();
  // Taken before the limit was known; the process is not at rest yet.
  const late = begin();
  expect(limit).toBe(1);
  a();
  late();
  begin();
  expect(limit).toBe(CONCURRENCY);
});
