import { describe, expect, it } from 'vitest';
import { employeeIdSchema } from './employee-id.js';

describe('employeeIdSchema', () => {
  it.each(['1', '1001', 'E-7_b.2', 'Anna Maria', 'Jörg', 'Ольга', '王小明', 'नेहा', 'x'.repeat(64)])(
    'takes %s',
    (id) => {
      expect(employeeIdSchema.parse(id)).toBe(id.normalize('NFC'));
    },
  );

  it('makes one id of two ways to write a letter, and drops spaces around it', () => {
    expect(employeeIdSchema.parse(' Jo\u0308rg ')).toBe('Jörg');
  });

  it.each([
    '',
    ' ',
    '.',
    '..',
    '../7',
    'a..b',
    'a/b',
    'a\\b',
    'a\0b',
    'a\nb',
    'a*',
    'a%2f',
    '<b>',
    '😀',
    'x'.repeat(65),
  ])('refuses %j', (id) => {
    expect(employeeIdSchema.safeParse(id).success).toBe(false);
  });
});
