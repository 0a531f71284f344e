import fc from 'fast-check';
import type { RawRequest } from '../support/raw-http.js';
import type { Target } from './arena.js';
import { nastyText } from './strings.js';

/** Who asks: mostly somebody who is let in, so that more than the door is tried. Undefined sends no header. */
export const caller: fc.Arbitrary<number | undefined> = fc.option(
  fc.oneof({ arbitrary: fc.constant(0), weight: 4 }, fc.constant(1)),
  { freq: 5, nil: undefined },
);

export function authorization({ authorizations }: Target, who: number | undefined): RawRequest['headers'] {
  const value = who === undefined ? undefined : authorizations[who];
  return value === undefined ? [] : [['Authorization', value]];
}

/** A value of bytes that no header may have, or that mean something to somebody. */
const headerValue: fc.Arbitrary<string> = fc.oneof(
  nastyText.map((text) =>
    Buffer.from(text, 'utf8')
      .toString('latin1')
      .replace(/[\r\n]/g, ' '),
  ),
  fc.uint8Array({ maxLength: 60 }).map((raw) =>
    Buffer.from(raw)
      .toString('latin1')
      .replace(/[\r\n]/g, ' '),
  ),
);

const VALUES: Readonly<Record<string, readonly string[]>> = {
  Authorization: [
    'Bearer',
    'Bearer ',
    'Bearer  x',
    'bearer rc_aaaaaaaaaaaa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'Bearer rc___proto___x',
    'Bearer rc_constructor_x',
    'Bearer null',
    'Basic YTpi',
    'Digest username="a"',
    `Bearer ${'A'.repeat(8000)}`,
    'Bearer a, Bearer b',
  ],
  'X-Request-Id': ['', 'a'.repeat(65), 'a\tb', '<script>', '../../x', '\x24{jndi:ldap://127.0.0.1/x}', 'gate.1-2_3'],
  'X-Gate': ['', 'north', 'n'.repeat(65), '../north', 'north, south', '\u00e9'],
  Prefer: [
    'respond-async',
    'wait=0',
    'wait=-1',
    'wait=99999999999',
    'wait=0, respond-async',
    'wait="0"',
    ',,,;;;=',
    '=',
  ],
  'Content-Type': [
    'multipart/form-data',
    'multipart/form-data; boundary',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=""',
    'multipart/form-data; boundary="',
    `multipart/form-data; boundary=${'b'.repeat(5000)}`,
    'multipart/form-data; boundary=a; boundary=b',
    "multipart/form-data; boundary*=utf-8''a",
    'multipart/form-data; boundary=--',
    'multipart/form-data; boundary=\u00e9',
    'multipart/form-data; charset=utf-7; boundary=a',
    'multipart/mixed; boundary=a',
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain',
    ';',
    '/',
  ],
  'X-Forwarded-For': [
    '127.0.0.1',
    '::1',
    '1.2.3.4, 5.6.7.8',
    'unknown',
    '999.999.999.999',
    ','.repeat(2000),
    '::ffff:1.2.3.4',
  ],
  Host: [
    '',
    'evil.example',
    'localhost:99999',
    '[::1]:5000',
    '[::1',
    'a b',
    'localhost/../x',
    'localhost@evil',
    '\u00e9',
    '%00',
  ],
  Origin: [
    'null',
    'http://localhost',
    'https://evil.example',
    'garbage',
    '',
    'http://localhost:1@evil.example',
    'file://',
  ],
  Expect: ['100-continue', '200-maybe', ''],
  Connection: ['keep-alive', 'close, upgrade', 'Host', 'upgrade', 'Authorization'],
  Upgrade: ['websocket', 'h2c', 'TLS/1.0'],
  'HTTP2-Settings': ['AAMAAABkAARAAAAAAAIAAAAA'],
  Range: ['bytes=0-0', 'bytes=-1', `bytes=${'0-,'.repeat(1000)}`],
  'Accept-Encoding': ['gzip', 'br;q=1e9', '*;q=0'],
  Cookie: ['a=b', '='.repeat(4000)],
  'X-HTTP-Method-Override': ['DELETE'],
  'X-Original-URL': ['/metrics'],
  'X-Rewrite-URL': ['/metrics'],
  Forwarded: ['for=127.0.0.1;proto=https'],
  TE: ['trailers'],
  Trailer: ['Content-Length'],
  'Access-Control-Request-Method': ['DELETE', 'x'],
  'Content-Encoding': ['gzip', 'br'],
  'Max-Forwards': ['0'],
};

const knownHeader = fc
  .constantFrom(...Object.keys(VALUES))
  .chain((name) => fc.tuple(fc.constant(name), fc.oneof(fc.constantFrom(...(VALUES[name] ?? [''])), headerValue)));

const oddHeader = fc.tuple(
  fc.oneof(
    fc.constantFrom('__proto__', 'constructor', 'X-\u00e9', 'X Y', '', ':', 'X'.repeat(10_000), 'x-forwarded-for '),
    fc.string({ unit: fc.constantFrom(...'abcXYZ-_09!#$%&'), minLength: 1, maxLength: 20 }),
  ),
  headerValue,
);

/** Headers, some of them twice or many times. */
export const headers: fc.Arbitrary<RawRequest['headers']> = fc
  .array(
    fc.tuple(
      fc.oneof({ arbitrary: knownHeader, weight: 6 }, oddHeader),
      fc.oneof({ arbitrary: fc.constant(1), weight: 12 }, fc.constantFrom(2, 5, 150, 1500)),
    ),
    { maxLength: 6 },
  )
  .map((list) => list.flatMap(([header, times]) => Array.from({ length: times }, () => header)));
