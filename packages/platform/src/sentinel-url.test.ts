import { describe, expect, it } from 'vitest';
import { parseSentinelUrl } from './sentinel-url.js';

describe('the URL of a Redis with Sentinels', () => {
  it.each([
    [
      'redis+sentinel://one:26380,two:26381/rollcall',
      [
        { host: 'one', port: 26_380 },
        { host: 'two', port: 26_381 },
      ],
      {},
    ],
    ['redis+sentinel://one/rollcall', [{ host: 'one', port: 26_379 }], {}],
    [
      'redis+sentinel://10.0.0.1:1,[::1]:2/rollcall',
      [
        { host: '10.0.0.1', port: 1 },
        { host: '::1', port: 2 },
      ],
      {},
    ],
    ['redis+sentinel://:secret@one/rollcall', [{ host: 'one', port: 26_379 }], { password: 'secret' }],
    [
      'redis+sentinel://gate:p%40ss%2Fword%3A1@one/rollcall',
      [{ host: 'one', port: 26_379 }],
      { username: 'gate', password: 'p@ss/word:1' },
    ],
  ])('%s is understood', (url, sentinels, login) => {
    expect(parseSentinelUrl(url)).toEqual({ sentinels, name: 'rollcall', ...login });
  });

  it.each([
    'redis://one:6379',
    'redis+sentinel://',
    'redis+sentinel://one:26379',
    'redis+sentinel://one:26379/',
    'redis+sentinel:///rollcall',
    'redis+sentinel://one,/rollcall',
    'redis+sentinel://one:port/rollcall',
    'redis+sentinel://one:99999/rollcall',
    'redis+sentinel://one/roll/call',
    'redis+sentinel://one/rollcall?x=1',
    'redis+sentinel://gate@one/rollcall',
    'redis+sentinel://gate:@one/rollcall',
    'redis+sentinel://gate:%zz@one/rollcall',
    'redis+sentinel://a b/rollcall',
  ])('%s is refused', (url) => {
    expect(parseSentinelUrl(url)).toBeUndefined();
  });
});
