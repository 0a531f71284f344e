import { filePart, textPart } from '../support/multipart.js';
import type { Attack, Attempt } from './attack.js';
import type { AttackRequest, Victim } from './victim.js';

/** Stack frames, paths of files, what the server is made of. */
const LEAKS =
  /\bat .{1,200}:\d+:\d+|node_modules|node:internal|\/dist\/|\b\w*Error:|^(server|x-powered-by|via):|hono|busboy|ioredis|bullmq|v?\d+\.\d+\.\d+/im;

/** Whatever makes badly written servers talk. */
function provocations(victim: Victim): AttackRequest[] {
  const as = victim.has('verify') ? ('verify' as const) : undefined;
  const json = (body: string): AttackRequest => ({
    method: 'POST',
    path: '/v1/verifications',
    as,
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from(body),
  });
  return [
    { path: '/%E0%A4%A', as },
    { path: '/v1/employees/%ff', as },
    { path: '/v1/jobs/%', as },
    { path: '/v1/jobs/1?wait=x', as },
    { path: '/v1/employees?limit[]=1&limit=2', as },
    { path: `/${'x'.repeat(10_000)}`, as },
    json('{'),
    json('{"__proto__":{"x":1}}'),
    { ...json('x'), headers: [['Content-Type', 'multipart/form-data; boundary="']] },
    victim.form(
      '/v1/verifications',
      [textPart('employee_id', '\0'), filePart('image', Buffer.of(0xff, 0xd8, 0xff))],
      as,
    ),
    victim.form('/recognize_face', [filePart('image', Buffer.of(0xff, 0xd8, 0xff))], as),
    { path: '/healthz', headers: [['Host', '[']] },
    { path: '/metrics' },
    { path: '/docs' },
    { path: '/queues' },
    { method: 'OPTIONS', path: '*' },
    { path: '/healthz' },
  ];
}

export const LEAKS_ATTACKS: readonly Attack[] = [
  {
    name: 'stack traces, versions and paths in replies',
    needs: [],
    expected: ['nothing told'],
    async run(victim) {
      const attempts: Attempt[] = [];
      for (const request of provocations(victim)) {
        const { replies, rest } = await victim.send(request);
        // A date has digits, and an operator's page tells what it likes to whoever may see it, its format's version, too.
        const texts = replies.map(({ status, headers, body }) => {
          const harmless = status < 400 ? ['date', 'content-type'] : ['date'];
          const head = headers.filter(([name]) => !harmless.includes(name)).map((header) => header.join(': '));
          return [...head, status >= 400 ? body.toString() : ''].join('\n');
        });
        const [leak] = LEAKS.exec([...texts, rest.toString()].join('\n')) ?? [];
        const broken = replies.find(({ status }) => status >= 500);
        const got = broken ? `status ${broken.status}` : leak === undefined ? 'nothing told' : `tells ${leak}`;
        attempts.push({ what: `${request.method ?? 'GET'} ${request.path.slice(0, 40)}`, got });
      }
      return attempts;
    },
  },
  {
    name: 'the token in a reply',
    needs: ['closed', 'verify'],
    expected: ['nothing told'],
    async run(victim) {
      const secret = victim.tokens.verify?.slice(-43) ?? '';
      const attempts: Attempt[] = [];
      for (const request of provocations(victim)) {
        const { replies } = await victim.send({ ...request, as: 'verify' });
        const told = replies.some(({ headers, body }) => `${headers}${body}`.includes(secret));
        attempts.push({ what: request.path.slice(0, 40), got: told ? 'the token' : 'nothing told' });
      }
      return attempts;
    },
  },
];
