import { expect, it } from 'vitest';
import { troubleOf } from './camera.js';

it.each([
  ['NotAllowedError', 'denied'],
  ['SecurityError', 'denied'],
  ['NotFoundError', 'missing'],
  ['OverconstrainedError', 'missing'],
  ['NotReadableError', 'busy'],
  ['AbortError', 'busy'],
])('%s of a browser means: %s', (name, trouble) => {
  expect(troubleOf(new DOMException('', name))).toBe(trouble);
});
