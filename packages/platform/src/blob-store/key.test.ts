import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  assertListedKey,
  assertValidName,
  assertValidPrefix,
  compareKeys,
  isFolder,
  isNameStart,
  isValidKey,
} from './key.js';

describe('a key', () => {
  it.each(['a/b', 'employees/7/face_1.jpg', 'a/.b', 'a/...', 'a/é 日本 😀', `a/${'é'.repeat(127)}`])(
    '%j is valid',
    (key) => {
      expect(isValidKey(key)).toBe(true);
    },
  );

  it.each([
    '',
    'a',
    '/',
    'a/',
    '/a',
    'a//b',
    'a/.',
    '../a',
    'a\\b/c',
    'a/\u0000',
    'a/\u007f',
    'a/\uffff',
    'a/\udc00',
    `a/${'é'.repeat(128)}`,
  ])('%j is not', (key) => {
    expect(isValidKey(key)).toBe(false);
  });

  it('is quoted, cut and on one line in the error', () => {
    expect(() => assertListedKey(`a\n/${'x'.repeat(2000)}`)).toThrow(/^"a\\n\/x{197}…" is no valid object key\.$/);
  });
});

describe('a folder', () => {
  it('ends in a slash', () => {
    expect(['a/', 'a/b/'].every(isFolder)).toBe(true);
    expect(['', '/', 'a', 'a//', '../'].some(isFolder)).toBe(false);
  });

  it('may be all of the store as a prefix', () => {
    expect(() => assertValidPrefix('')).not.toThrow();
    expect(() => assertValidPrefix('a')).toThrow('has to be empty or to end in "/"');
  });
});

describe("a folder's name", () => {
  it('is one segment', () => {
    expect(() => assertValidName('José García')).not.toThrow();
    for (const name of ['', '.', '..', 'a/', 'a/b', 'a\nb', 'é'.repeat(128)]) {
      expect(() => assertValidName(name)).toThrow('is no valid folder name');
    }
  });

  it('may begin with what is no name itself', () => {
    expect(['', '.', '..', ' ', 'José '].every(isNameStart)).toBe(true);
    expect(['/', 'a/', 'a\\', 'a\n', '\ud800', 'x'.repeat(256)].some(isNameStart)).toBe(false);
  });
});

it('orders keys as their bytes are ordered', () => {
  const alphabet = ['a', 'b', '/', '-', 'é', '\ud7ff', '\ue000', '\uffee', '😀', '\u{10ffff}'];
  const anyKey = () => Array.from({ length: randomInt(4) }, () => alphabet[randomInt(alphabet.length)]).join('');
  for (let i = 0; i < 5000; i++) {
    const [a, b] = [anyKey(), anyKey()];
    expect([a, b, Math.sign(compareKeys(a, b))]).toEqual([a, b, Buffer.compare(Buffer.from(a), Buffer.from(b))]);
  }
});
