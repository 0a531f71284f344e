import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chooseLanguage, fill } from './language.js';
import { LANGUAGES, TEXTS, type TextKey } from './texts.js';

const keys = Object.keys(TEXTS.en) as TextKey[];
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
const folder = new URL('../', import.meta.url);
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'shared/texts.ts')
  .map((name) => readFileSync(new URL(name, folder), 'utf8'));
const pages = ['gate', 'admin'].map((name) =>
  readFileSync(new URL(`../../../public/${name}.html`, import.meta.url), 'utf8'),
);

describe('the texts', () => {
  it.each(LANGUAGES)('are complete in %s, with the same values in them', (language) => {
    expect(Object.keys(TEXTS[language]).sort()).toEqual([...keys].sort());
    const wrong = keys.filter((key) => {
      const [mine, english] = [TEXTS[language][key], TEXTS.en[key]];
      return mine.trim() === '' || `${placeholders(mine)}` !== `${placeholders(english)}`;
    });
    expect(wrong).toEqual([]);
  });

  it('are translated', () => {
    const same = keys.filter((key) => TEXTS.de[key] === TEXTS.en[key]);
    expect(same.every((key) => /^(unit|system|admin\.system)/.test(key))).toBe(true);
  });

  it('are all that the pages mention', () => {
    const mentioned = pages.flatMap((page) =>
      [...page.matchAll(/data-(?:text|label|placeholder)="([^"]*)"/g)].map(([, key]) => key as TextKey),
    );
    expect(mentioned.length).toBeGreaterThan(30);
    expect(mentioned.filter((key) => !keys.includes(key))).toEqual([]);
  });

  it('are the only words of the pages, but for names of languages and of Rollcall', () => {
    for (const page of pages) {
      const words = page
        .replace(/<(title|noscript)>[^<]*<\/\1>/g, '')
        .replace(/<!doctype[^>]*>/i, '')
        .replace(/<[^>]*>/g, ' ')
        .split(/\s+/)
        .filter(Boolean);
      expect(words.filter((word) => !['Rollcall', 'English', 'Deutsch'].includes(word))).toEqual([]);
    }
  });

  it('are all used', () => {
    const everything = [...sources, ...pages].join('\n');
    // Some keys are made of a prefix and a word that the service sends.
    const prefixes = [...everything.matchAll(/`([a-z]+(?:\.[a-z]+)*\.)\$\{/gi)].map(([, prefix]) => prefix ?? '');
    const unused = keys.filter(
      (key) =>
        !everything.includes(`'${key}'`) &&
        !everything.includes(`"${key}"`) &&
        !prefixes.some((prefix) => key.startsWith(prefix)),
    );
    expect(unused).toEqual([]);
  });
});

describe('a language', () => {
  it.each([
    [['de-AT', 'en'], 'de'],
    [['fr', 'de'], 'de'],
    [['EN-us'], 'en'],
    [['fr'], 'en'],
    [[], 'en'],
    [[null, undefined, 'de'], 'de'],
  ] as const)('is chosen for %j', (wanted, chosen) => {
    expect(chooseLanguage(wanted)).toBe(chosen);
  });

  it('puts values in, and leaves alone what has none', () => {
    expect(fill('{a} of {b}, {c}', { a: 1, b: 'two' })).toBe('1 of two, {c}');
  });
});
