import { headerOf } from '../support/raw-http.js';
import type { Attack, Attempt } from './attack.js';
import { trickle } from './trickle.js';
import { type Victim, wordsOf } from './victim.js';

const SMUGGLED = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** Two readers of these may disagree where the request ends. */
const AMBIGUOUS: readonly (readonly [name: string, headers: string, body: string])[] = [
  ['CL.TE', `Content-Length: ${5 + SMUGGLED.length}\r\nTransfer-Encoding: chunked`, `0\r\n\r\n${SMUGGLED}`],
  ['TE.CL', 'Transfer-Encoding: chunked\r\nContent-Length: 4', `0\r\n\r\n${SMUGGLED}`],
  ['two lengths', `Content-Length: 0\r\nContent-Length: ${SMUGGLED.length}`, SMUGGLED],
  ['a list of lengths', `Content-Length: 0, ${SMUGGLED.length}`, SMUGGLED],
  ['a negative length', 'Content-Length: -1', SMUGGLED],
  ['a length with a sign', `Content-Length: +${SMUGGLED.length}`, SMUGGLED],
  ['an unknown encoding', 'Transfer-Encoding: xchunked', `0\r\n\r\n${SMUGGLED}`],
  ['an encoding after chunked', 'Transfer-Encoding: chunked, identity', `0\r\n\r\n${SMUGGLED}`],
  ['a blank before the colon', 'Transfer-Encoding : chunked', `0\r\n\r\n${SMUGGLED}`],
  ['a folded header', 'Transfer-Encoding:\r\n chunked\r\nContent-Length: 0', SMUGGLED],
  ['a bare line feed', 'X: y\nTransfer-Encoding: chunked', `0\r\n\r\n${SMUGGLED}`],
  ['a chunk of 2⁶⁴ bytes', 'Transfer-Encoding: chunked', `10000000000000000\r\n${SMUGGLED}`],
];

export const WIRE: readonly Attack[] = [
  {
    name: 'a request smuggled in another',
    needs: [],
    // Either alone: the smuggled one would be a second answer.
    expected: ['400', '501', 'hung up'],
    async run(victim) {
      const attempts: Attempt[] = [];
      for (const [what, headers, body] of AMBIGUOUS) {
        const bytes = Buffer.from(
          `POST /healthz HTTP/1.1\r\nHost: ${hostOf(victim)}\r\n${headers}\r\n\r\n${body}`,
          'latin1',
        );
        attempts.push({ what, got: wordsOf(await victim.raw(bytes, { patienceMs: 5000 })) });
      }
      return attempts;
    },
  },
  {
    name: 'a request id that does something to a log',
    needs: [],
    expected: ['an id of its own'],
    async run(victim) {
      const attempts: Attempt[] = [];
      for (const id of [
        'a"b',
        '<script>',
        'a\tb',
        '../../x',
        '\x24{jndi:ldap://127.0.0.1/x}',
        '\x1b[2J',
        'a'.repeat(65),
        'é',
      ]) {
        const { replies } = await victim.send({ path: '/healthz', headers: [['X-Request-Id', id]] });
        const [reply] = replies;
        const refused = reply?.status === 400;
        const own = reply !== undefined && /^[\w-]{36}$/.test(headerOf(reply, 'x-request-id') ?? '');
        attempts.push({
          what: JSON.stringify(id),
          got: own || refused ? 'an id of its own' : 'the id as it was given',
        });
      }
      return attempts;
    },
  },
  {
    name: 'a flood of headers',
    needs: [],
    expected: ['431', '400', 'hung up'],
    async run(victim) {
      const flood = async (what: string, headers: readonly (readonly [string, string])[]) => ({
        what,
        got: wordsOf(await victim.send({ path: '/healthz', headers })),
      });
      return [
        await flood(
          '10,000 headers',
          Array.from({ length: 10_000 }, (_, index) => [`X-${index}`, 'y'] as const),
        ),
        await flood('a header of 1 MB', [['X-Long', 'y'.repeat(1_000_000)]]),
        await flood('a cookie of 17 KB', [['Cookie', 'y'.repeat(17_000)]]),
      ];
    },
  },
  {
    name: 'methods that echo, tunnel or override',
    needs: [],
    expected: [
      '400',
      '401',
      '401 unauthorized',
      '403',
      '403 host_not_allowed',
      '404',
      '404 route_not_found',
      '405',
      '405 method_not_allowed',
      '501',
      'hung up',
    ],
    async run(victim) {
      const as = victim.has('verify') ? ('verify' as const) : undefined;
      const headers = [['X-HTTP-Method-Override', 'GET']] as const;
      const odd = ['TRACE', 'TRACK', 'DEBUG', 'PUT', 'PATCH', 'PROPFIND', 'get', 'FOO'].map((method) => ({
        method,
        path: '/v1/employees',
        as,
      }));
      return victim.sendAll([
        ...odd,
        { method: 'CONNECT', path: 'evil.example:80' },
        { method: 'POST', path: '/v1/employees', as, headers },
        { method: 'POST', path: '/v1/employees?_method=GET', as },
      ]);
    },
  },
  {
    name: 'what is no HTTP',
    needs: [],
    expected: ['400', '431', 'hung up'],
    async run(victim) {
      const attempts: Attempt[] = [];
      for (const text of [
        '\0'.repeat(100),
        '*1\r\n$8\r\nFLUSHALL\r\n',
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        'EHLO x\r\n',
        '\r\n\r\nx\r\n\r\n',
      ]) {
        const exchange = await victim.raw(Buffer.from(text, 'latin1'), { endAfter: true });
        attempts.push({ what: JSON.stringify(text.slice(0, 12)), got: wordsOf(exchange) });
      }
      return attempts;
    },
  },
];

/** Those that take their time. */
export const SLOW_WIRE: readonly Attack[] = [
  {
    name: 'headers of 10 bytes a second',
    needs: [],
    expected: ['408', 'hung up'],
    async run(victim) {
      const first = Buffer.from(`GET /healthz HTTP/1.1\r\nHost: ${hostOf(victim)}\r\nX-Slow: `);
      return [await trickle(victim, { what: 'a byte at a time', first, more: Buffer.from('y'), everyMs: 100 })];
    },
  },
];

function hostOf({ url }: Victim): string {
  return new URL(url).host;
}
