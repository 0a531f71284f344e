import { describe, expect, it } from 'vitest';
import { clockFinding, findingsOf, isOldVersion } from './redis-info.js';

const HEALTHY = {
  redis_version: '7.0.15',
  redis_mode: 'standalone',
  role: 'master',
  aof_enabled: '1',
  aof_last_write_status: 'ok',
  aof_last_bgrewrite_status: 'ok',
  maxmemory_policy: 'noeviction',
  maxmemory: '1000000000',
  used_memory: '1000000',
};

/** Names and states of what is not as it should be. */
function wrong(changes: Partial<typeof HEALTHY>, fsync: unknown = 'everysec'): string[] {
  const info = new Map(Object.entries({ ...HEALTHY, ...changes }));
  return findingsOf({ info, fsync, place: 'redis://r', cli: 'redis-cli' })
    .filter(({ status }) => status !== 'ok')
    .map(({ name, status }) => `${name}: ${status}`);
}

describe('a Redis that answers', () => {
  it.each([
    ['as it should be', {}, []],
    ['without a limit of memory', { maxmemory: '0' }, []],
    ['too old', { redis_version: '6.0.16' }, ['redis: failed']],
    ['a replica', { role: 'slave' }, ['redis: failed']],
    ['a cluster', { redis_mode: 'cluster' }, ['redis: failed']],
    ['without an append-only file', { aof_enabled: '0' }, ['redis-aof: failed']],
    ['that cannot write it', { aof_last_write_status: 'err' }, ['redis-aof: failed']],
    ['that cannot rewrite it', { aof_last_bgrewrite_status: 'err' }, ['redis-aof: failed']],
    ['that evicts', { maxmemory_policy: 'volatile-lru' }, ['redis-policy: failed']],
    ['rather full', { used_memory: '760000000' }, ['redis-memory: warning']],
    ['full', { used_memory: '910000000' }, ['redis-memory: failed']],
  ])('%s', (_name, changes, expected) => {
    expect(wrong(changes)).toEqual(expected);
  });

  it('that never syncs its append-only file', () => {
    expect(wrong({}, 'no')).toEqual(['redis-aof: warning']);
  });

  it('that does not say how it syncs, for the user may not ask', () => {
    expect(wrong({}, undefined)).toEqual([]);
  });
});

it('versions before 6.2, and what is no version, are too old', () => {
  expect(['5.0.14', '6.0.16', '6.1', ''].map(isOldVersion)).toEqual([true, true, true, true]);
  expect(['6.2.0', '6.10.1', '7.0.15', '8.2'].map(isOldVersion)).toEqual([false, false, false, false]);
});

it('a clock may differ by two seconds', () => {
  expect([-1900, 0, 1900].map((offset) => clockFinding(offset).status)).toEqual(['ok', 'ok', 'ok']);
  expect(clockFinding(-2100)).toMatchObject({
    status: 'warning',
    seen: "Redis' clock is 2100 ms behind this machine's",
  });
});
