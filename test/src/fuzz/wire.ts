import fc from 'fast-check';

/** Bytes that are no HTTP, or whose end is told in two ways. */
export interface WireBytes {
  readonly bytes: Buffer;
  /** As many requests as a reader could see in it. */
  readonly maxReplies: number;
  /** No HTTP: may be answered by nothing but the end of the connection. */
  readonly maySilent: boolean;
}

const START = 'POST /v1/verifications HTTP/1.1\r\nHost: localhost\r\n';
/** What a smuggler wants to be taken for a request of somebody else. */
const SMUGGLED = 'GET /v1/employees HTTP/1.1\r\nHost: localhost\r\nX-Smuggled: 1\r\n\r\n';

const LENGTHS = [
  'Content-Length: 0',
  'Content-Length: 5',
  'Content-Length: 100',
  'Content-Length: -1',
  'Content-Length: +5',
  'Content-Length: 0x5',
  'Content-Length: 5, 5',
  'Content-Length: 5, 6',
  'Content-Length : 5',
  'Content-Length: 18446744073709551621',
  'Content-Length: 999999999999',
  'Content-Length:',
  'Content-Length: 5\r\nContent-Length: 6',
  '\tContent-Length: 5',
];
const ENCODINGS = [
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: x',
  'Transfer-Encoding: "chunked"',
  'Transfer-Encoding: chunk\r\n ed',
  'X: y\nTransfer-Encoding: chunked',
];
const BODIES = [
  '',
  'hello',
  '0\r\n\r\n',
  `0\r\n\r\n${SMUGGLED}`,
  '5\r\nhello\r\n0\r\n\r\n',
  '5;a=b\r\nhello\r\n0\r\n\r\n',
  `5;${'x'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
  '5\nhello\n0\n\n',
  '-1\r\n\r\n',
  'ffffffffffffffff\r\nx',
  '10000000000000000\r\nx',
  'zz\r\n\r\n',
  '0\r\nTrailer: x\r\n\r\n',
  `0\r\n${'T: x\r\n'.repeat(5000)}\r\n`,
  '5\r\nhelloX\r\n0\r\n\r\n',
];

/** A request whose length is told twice, wrongly or not at all. */
const framed: fc.Arbitrary<WireBytes> = fc
  .tuple(
    fc.array(fc.constantFrom(...LENGTHS, ...ENCODINGS), { maxLength: 3 }),
    fc.constantFrom(...BODIES),
    fc.constantFrom('close', 'keep-alive'),
  )
  .map(([lines, body, connection]) => ({
    bytes: Buffer.from(`${[`${START}Connection: ${connection}`, ...lines].join('\r\n')}\r\n\r\n${body}`, 'latin1'),
    maxReplies: body.includes(SMUGGLED) ? 2 : 1,
    maySilent: false,
  }));

const FIRST_LINES = [
  'GET / HTTP/1.1',
  'GET / HTTP/1.0',
  'GET / HTTP/0.9',
  'GET / HTTP/2.0',
  'GET / HTTP/1.1.1',
  'GET /',
  'GET  /  HTTP/1.1',
  'GET / http/1.1',
  '',
  '\0',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  '*1\r\n$8\r\nFLUSHALL\r\n',
  'EHLO localhost',
  'SSH-2.0-x',
  'CONNECT evil.example:443 HTTP/1.1',
];

/** Another protocol, half a request, or noise. */
const garbage: fc.Arbitrary<WireBytes> = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...FIRST_LINES).map((line) => Buffer.from(line, 'latin1')),
      fc.uint8Array({ maxLength: 100 }).map((raw) => Buffer.from(raw)),
    ),
    fc.constantFrom(
      '',
      '\r\n',
      '\r\n\r\n',
      '\n\n',
      '\r\nHost: localhost\r\n\r\n',
      '\r\nHost: localhost',
      '\r\n: x\r\n\r\n',
    ),
  )
  .map(([start, end]) => ({ bytes: Buffer.concat([start, Buffer.from(end)]), maxReplies: 2, maySilent: true }));

/** Half of it. */
const cut: fc.Arbitrary<WireBytes> = fc
  .tuple(fc.oneof(framed, garbage), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([{ bytes }, share]) => ({
    bytes: bytes.subarray(0, Math.floor(bytes.length * share)),
    maxReplies: 2,
    maySilent: true,
  }));

export const wireBytes: fc.Arbitrary<WireBytes> = fc.oneof({ arbitrary: framed, weight: 4 }, garbage, cut);
