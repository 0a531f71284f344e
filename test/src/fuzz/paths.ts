import fc from 'fast-check';
import { BYSTANDER } from './arena.js';
import { encoded, nastyText } from './strings.js';

export const method: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom('GET', 'POST', 'DELETE'), weight: 6 },
  fc.constantFrom('PUT', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'PURGE', 'SEARCH', 'M-SEARCH', 'QUERY'),
  fc.constantFrom('get', 'Get', 'GETT', 'TRACK', 'DEBUG', '__proto__', 'G\u00c9T', 'A'.repeat(20_000)),
);

const KNOWN = [
  'v1',
  'employees',
  'faces',
  'jobs',
  'verifications',
  'comparisons',
  'identifications',
  'recognize_face',
  'openapi.json',
  'healthz',
  'readyz',
  'metrics',
  'docs',
  BYSTANDER,
  'face_1.jpg',
  '.rollcall',
  'face_1.jpg.embedding.json',
  'tokens.json',
  'audit.jsonl',
];

const STEPS = [
  '..',
  '.',
  '',
  '%2e%2e',
  '%2E%2e',
  '..%2f',
  '%2e%2e%2f',
  '..%2f..%2f..%2f..%2fetc%2fpasswd',
  '%252e%252e%252f',
  '..%5c',
  '..\\',
  '%c0%ae%c0%ae',
  '%c0%af',
  '%e0%80%af',
  '%00',
  'a%00',
  '%0d%0aX-Injected:%20y',
  '%0a',
  '%ff',
  '%',
  '%2',
  '%zz',
  '%u002e',
  ';a=b',
  ':id',
  '*',
  '{id}',
  '%7Bid%7D',
  '#x',
  '?',
  '@evil.example',
  '\u00e9',
  '\u00ff',
  '"<>^`{|}',
  'x'.repeat(5000),
  'x/'.repeat(1000),
];

const segment: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom(...KNOWN), weight: 5 },
  { arbitrary: fc.constantFrom(...STEPS), weight: 3 },
  { arbitrary: nastyText.map(encoded), weight: 2 },
);

const ROOTS = [
  '/',
  '/v1/',
  '/v1/employees/',
  `/v1/employees/${BYSTANDER}/`,
  `/v1/employees/${BYSTANDER}/faces/`,
  '/v1/jobs/',
  '/recognize_face/',
  '/docs/',
  '//',
  '/../',
  'http://localhost/',
  'http://localhost:1/v1/employees/',
  'https://u:p@localhost/',
  'file:///etc/',
  'v1/',
  '*',
  '\\\\',
];

const query: fc.Arbitrary<string> = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constantFrom('limit', 'cursor', 'prefix', 'wait', 'force', '__proto__'), nastyText.map(encoded)),
      fc.oneof(fc.constantFrom('-1', '0', '1e9', 'NaN', '10.5', '%ff', '%00', '%'), nastyText.map(encoded)),
    ),
    { maxLength: 4 },
  )
  .map((pairs) => (pairs.length === 0 ? '' : `?${pairs.map((pair) => pair.join('=')).join('&')}`));

const REAL = [
  '/healthz',
  '/openapi.json',
  '/v1/employees',
  `/v1/employees/${BYSTANDER}`,
  `/v1/employees/${BYSTANDER}/faces`,
  `/v1/employees/${BYSTANDER}/faces/face_1.jpg`,
  '/v1/verifications',
  '/recognize_face',
];

/** A request target, without blanks and line breaks of its own. */
export const path: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(
      { arbitrary: fc.constantFrom(...REAL), weight: 1 },
      {
        arbitrary: fc
          .tuple(fc.constantFrom(...ROOTS), fc.array(segment, { maxLength: 6 }))
          .map(([root, segments]) => root + segments.join('/')),
        weight: 4,
      },
    ),
    fc.oneof({ arbitrary: fc.constant(''), weight: 2 }, query),
  )
  .map((parts) => parts.join(''));

/** Whether a path, read as RFC 3986 has it, leads to the bystander: then a DELETE may do what it says. */
export function leadsToBystander(target: string): boolean {
  if (!URL.canParse(target, 'http://localhost')) return false;
  const { pathname } = new URL(target, 'http://localhost');
  return pathname.split('/').some((part) => decoded(part).normalize('NFC').trim() === BYSTANDER);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
