import fc from 'fast-check';
import { FUZZED } from './arena.js';
import { authorization, caller, headers } from './headers.js';
import { leadsToBystander, method, path } from './paths.js';
import { type Property, send, sendRequest, targetOf, whichTarget } from './property.js';
import { wireBytes } from './wire.js';

/** Of the parts of a request, and of bytes that are none. */
export const REQUEST_PROPERTIES: readonly Property[] = [
  {
    name: 'any method and path',
    runs: 1200,
    meets: [200, 400, 401, 403, 404, 405],
    make: (room) =>
      fc.asyncProperty(
        fc.record({ which: whichTarget, who: caller, method, path, body: fc.constantFrom('', 'x', '{}') }),
        async ({ which, who, body, ...line }) => {
          const target = targetOf(room, which);
          const changes = !['GET', 'HEAD', 'OPTIONS'].includes(line.method);
          const spared = changes && leadsToBystander(line.path) ? 'GET' : line.method;
          await sendRequest(room, target, {
            method: spared,
            path: line.path,
            headers: authorization(target, who),
            body: Buffer.from(body),
          });
        },
      ),
  },
  {
    name: 'any headers',
    runs: 1000,
    meets: [200, 400, 401, 403, 404, 417, 431],
    make: (room) =>
      fc.asyncProperty(
        fc.record({
          which: whichTarget,
          who: caller,
          line: fc.constantFrom(
            ['GET', '/v1/employees?limit=1'],
            ['GET', '/v1/jobs/00000000-0000-4000-8000-000000000000'],
            ['GET', '/healthz'],
            ['POST', '/v1/verifications'],
            ['POST', '/recognize_face'],
            ['DELETE', `/v1/employees/${FUZZED}nobody`],
            ['OPTIONS', '/v1/verifications'],
          ),
          headers,
        }),
        async ({ which, who, line: [verb = '', where = ''], headers: list }) => {
          const target = targetOf(room, which);
          const body = Buffer.from(verb === 'POST' ? 'x'.repeat(50) : '');
          await sendRequest(room, target, {
            method: verb,
            path: where,
            headers: [...authorization(target, who), ...list],
            body,
          });
        },
      ),
  },
  {
    name: 'any bytes on the wire',
    runs: 400,
    meets: [400, 401],
    make: (room) =>
      fc.asyncProperty(
        fc.record({ which: whichTarget, wire: wireBytes }),
        async ({ which, wire: { bytes, maxReplies, maySilent } }) => {
          // Where a whole request need not be in it the end is told, so that nobody waits for the rest.
          await send(room, targetOf(room, which), bytes, { endAfter: maySilent, maySilent, maxReplies });
        },
      ),
  },
];
