import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../../../public/assets/tokens.css', import.meta.url), 'utf8');
const colours = new Map([...css.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]));

/** WCAG 2.2's relative luminance. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const colour = (name: string) => {
  const value = colours.get(name);
  if (!value) throw new Error(`tokens.css has no colour --${name}`);
  return value;
};

/** Text and what it stands on. */
const TEXTS = [
  ['ink', 'paper'],
  ['ink', 'card'],
  ['ink', 'accent-soft'],
  ['ink-soft', 'paper'],
  ['ink-soft', 'card'],
  ['accent-strong', 'card'],
  ['accent-strong', 'paper'],
  ['accent-strong', 'accent-soft'],
  ['on-accent', 'accent'],
  ['on-accent', 'accent-strong'],
  ['on-night', 'night'],
  ['no', 'card'],
  ['no', 'paper'],
  ['no', 'no-soft'],
  ['yes', 'card'],
  ['yes', 'yes-soft'],
  ['attention-ink', 'attention-soft'],
  ['attention-ink', 'card'],
] as const;

/** Borders of controls, and marks. */
const SHAPES = [
  ['line-strong', 'card'],
  ['line-strong', 'paper'],
  ['accent', 'paper'],
  ['accent', 'card'],
] as const;

/** What has to be read from two metres. */
const ANSWERS = [
  ['on-yes', 'yes'],
  ['on-no', 'no'],
  ['on-attention', 'attention'],
] as const;

describe('contrast', () => {
  it('is reckoned as WCAG does', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
    expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2);
  });

  it.each(TEXTS)('of %s on %s is at least 4.5 (AA)', (text, ground) => {
    expect(contrast(colour(text), colour(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(SHAPES)('of %s on %s is at least 3 (AA, 1.4.11)', (shape, ground) => {
    expect(contrast(colour(shape), colour(ground))).toBeGreaterThanOrEqual(3);
  });

  it.each(ANSWERS)('of %s on %s is at least 6', (text, ground) => {
    expect(contrast(colour(text), colour(ground))).toBeGreaterThanOrEqual(6);
  });
});
