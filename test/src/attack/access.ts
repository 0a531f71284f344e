import { randomUUID } from 'node:crypto';
import { photo } from '../support/client.js';
import { filePart, textPart } from '../support/multipart.js';
import type { RawReply } from '../support/raw-http.js';
import { type Attack, type Attempt, LeftOut } from './attack.js';
import { type AttackRequest, jsonOf, type Victim, wordsOf } from './victim.js';

const MADE_UP = 'rc_aaaaaaaaaaaa_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
const REFUSED = ['401 unauthorized', '401'];

/** Everything but what is open to all; should a door be open, nobody who exists is behind it. */
const everyDoor = ({ stranger }: Victim): readonly AttackRequest[] => [
  { method: 'POST', path: '/recognize_face' },
  { method: 'POST', path: '/v1/verifications' },
  { method: 'POST', path: '/v1/comparisons' },
  { method: 'POST', path: '/v1/identifications' },
  { method: 'POST', path: '/v1/assessments' },
  { method: 'POST', path: `/v1/employees/${stranger}/faces` },
  { path: '/v1/employees' },
  { path: `/v1/employees/${stranger}` },
  { path: `/v1/employees/${stranger}/faces/face_1.jpg` },
  { method: 'DELETE', path: `/v1/employees/${stranger}` },
  { method: 'DELETE', path: `/v1/employees/${stranger}/faces/face_1.jpg` },
  { path: `/v1/jobs/${randomUUID()}` },
  { path: '/v1/audit' },
  { path: '/metrics' },
  { path: '/docs' },
  { path: '/queues' },
  { path: '/queues/api/queues' },
  { path: '/admin/' },
  { path: '/admin/../v1/employees' },
  { path: '/assets' },
  { path: '/assets/' },
  { path: '/assets/../v1/employees' },
  { path: '/assets/..%2fv1/employees' },
  { path: '/assets/%2e%2e/v1/employees' },
  { path: '/assets//v1/employees' },
  { path: '//' },
  { method: 'POST', path: '/' },
  { method: 'DELETE', path: '/admin' },
  { method: 'POST', path: '/assets/a.js' },
  { path: '/nothing' },
  { path: '/healthz/../v1/employees' },
  { path: '/healthz/..%2fv1/employees' },
  { path: '//v1/employees' },
  { path: '/v1//employees' },
  { path: '/V1/employees' },
  { path: '/v1/employees/' },
  { path: '/v1/employees;x=/healthz' },
];

const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;

const withHeader = (name: string, value: string): AttackRequest => ({
  path: '/v1/employees',
  headers: [[name, value]],
});

export const ACCESS: readonly Attack[] = [
  {
    name: 'no token, at every door',
    needs: ['closed'],
    expected: REFUSED,
    run: (victim) => victim.sendAll(everyDoor(victim)),
  },
  {
    name: 'made-up tokens',
    needs: ['closed'],
    expected: REFUSED,
    run: (victim) =>
      victim.sendAll(
        [
          `Bearer ${MADE_UP}`,
          'Bearer',
          'Bearer null',
          'Bearer rc_constructor_x',
          'Bearer rc___proto_____A',
          'Basic YWRtaW46YWRtaW4=',
          "Bearer ' OR '1'='1",
          `Bearer ${'A'.repeat(5000)}`,
          'Bearer eyJhbGciOiJub25lIn0.eyJzY29wZSI6ImFkbWluIn0.',
        ].map((value) => withHeader('Authorization', value)),
      ),
  },
  {
    name: 'another secret for a real id',
    needs: ['closed', 'verify'],
    expected: REFUSED,
    run(victim) {
      const token = victim.tokens.verify ?? '';
      const other = token.endsWith('A') ? 'B' : 'A';
      return victim.sendAll(
        [token.slice(0, -1) + other, `${token.slice(0, -43)}${'A'.repeat(43)}`, token.toUpperCase(), `${token}A`].map(
          (made) => withHeader('Authorization', `Bearer ${made}`),
        ),
      );
    },
  },
  {
    name: 'a real token where it does not belong',
    needs: ['closed', 'verify'],
    expected: REFUSED,
    run(victim) {
      const token = victim.tokens.verify ?? '';
      const job = `/v1/jobs/${randomUUID()}`;
      return victim.sendAll([
        { path: `${job}?access_token=${token}` },
        { path: `${job}?token=${token}` },
        { path: job, headers: [['Cookie', `token=${token}`]] },
        { path: job, headers: [['X-Api-Key', token]] },
        { path: job, headers: [['Proxy-Authorization', `Bearer ${token}`]] },
      ]);
    },
  },
  {
    name: 'a made-up password, where a browser asks for one',
    needs: ['closed', 'verify'],
    expected: REFUSED,
    run(victim) {
      const { verify = '' } = victim.tokens;
      return victim.sendAll(
        [
          'admin:admin',
          `admin:${MADE_UP}`,
          `${verify}:`,
          `${verify}`,
          ':',
          '',
          `admin:${verify}A`,
          `admin:x:${verify}`,
        ].flatMap((credentials) =>
          ['/docs', '/queues'].map((path) => ({ path, headers: [['Authorization', basic(credentials)]] })),
        ),
      );
    },
  },
  {
    name: 'a real token as password, where no browser asks for one',
    needs: ['closed', 'admin'],
    expected: REFUSED,
    run: (victim) =>
      victim.sendAll(
        [
          '/v1/employees',
          '/v1/audit',
          '/docs/../v1/audit',
          '/docs/%2e%2e/v1/audit',
          '/queues/..%2fv1/audit/../../../v1/audit',
          '//docs',
          '/docsx',
          '/v1/docs',
        ].map((path) => ({ path, headers: [['Authorization', basic(`admin:${victim.tokens.admin}`)]] })),
      ),
  },
  {
    name: "a gate's token as password, where an administrator's is asked for",
    needs: ['closed', 'verify'],
    expected: ['403 insufficient_scope', '403'],
    run: (victim) =>
      victim.sendAll(
        ['/metrics', '/docs', '/queues', '/queues/api/queues'].map((path) => ({
          path,
          headers: [['Authorization', basic(`admin:${victim.tokens.verify}`)]],
        })),
      ),
  },
  ...(['revoked', 'expired'] as const).map(
    (name): Attack => ({
      name: `a token that is ${name}`,
      needs: ['closed', name],
      expected: REFUSED,
      run: (victim) =>
        victim.sendAll([
          { path: '/v1/employees', as: name },
          { path: `/v1/jobs/${randomUUID()}`, as: name },
        ]),
    }),
  ),
  {
    name: 'a token beyond its scope',
    needs: ['closed', 'verify'],
    expected: ['403 insufficient_scope', '403'],
    run: (victim) =>
      victim.sendAll(
        (
          [
            ['GET', '/v1/employees'],
            ['GET', `/v1/employees/${victim.stranger}`],
            ['GET', `/v1/employees/${victim.stranger}/faces/face_1.jpg`],
            ['POST', `/v1/employees/${victim.stranger}/faces`],
            ['POST', '/v1/assessments'],
            ['DELETE', `/v1/employees/${victim.stranger}`],
            ['DELETE', `/v1/employees/${victim.stranger}/faces/face_1.jpg`],
            ['GET', '/v1/audit'],
            ['GET', '/metrics'],
            ['GET', '/docs'],
            ['GET', '/queues'],
          ] as const
        ).map(([method, path]) => ({ method, path, as: 'verify' })),
      ),
  },
  {
    name: "another token's job",
    needs: ['closed', 'verify', 'other'],
    expected: ['404 job_not_found, as a job that is not there'],
    run: probeOthersJob,
  },
  {
    name: 'a job that is guessed',
    needs: ['verify'],
    expected: ['404 job_not_found'],
    run: (victim) =>
      victim.sendAll(
        [randomUUID(), '00000000-0000-0000-0000-000000000000', '1', '__proto__', '..%2f1', '*'].map((id) => ({
          path: `/v1/jobs/${id}`,
          as: 'verify',
        })),
      ),
  },
  {
    name: 'what the server runs on, from readiness',
    needs: ['closed'],
    expected: ['no details'],
    async run(victim) {
      const { replies } = await victim.send({ path: '/readyz' });
      const details = replies.flatMap((reply) => [...reply.body.toString().matchAll(/"detail":"([^"]+)"/g)]);
      const got = details.length === 0 && replies.length === 1 ? 'no details' : details.map(([all]) => all).join(', ');
      return [{ what: 'GET /readyz', got }];
    },
  },
];

/** Makes a job, of an employee who does not exist, and asks for it with another token. */
async function probeOthersJob(victim: Victim): Promise<Attempt[]> {
  const image = await photo('person_a_2.jpg');
  const parts = [textPart('employee_id', victim.stranger), filePart('image', image)];
  const submission = victim.form('/v1/verifications', parts, 'verify');
  const headers = [...(submission.headers ?? []), ['Prefer', 'respond-async'] as const];
  const accepted = await victim.send({ ...submission, headers });
  const id = accepted.replies[0] && jsonOf(accepted.replies[0]).job_id;
  if (typeof id !== 'string') throw new LeftOut(`no job could be made: ${wordsOf(accepted)}`);
  const own = await victim.send({ path: `/v1/jobs/${id}`, as: 'verify' });
  if (own.replies[0]?.status !== 200) throw new LeftOut(`the own job cannot be seen: ${wordsOf(own)}`);
  const theirs = await victim.send({ path: `/v1/jobs/${id}?wait=1`, as: 'other' });
  const none = await victim.send({ path: `/v1/jobs/${randomUUID()}?wait=1`, as: 'other' });
  const isSame = comparable(theirs.replies[0]) === comparable(none.replies[0]);
  return [
    { what: `GET /v1/jobs/${id}`, got: `${wordsOf(theirs)}${isSame ? ', as' : ', unlike'} a job that is not there` },
  ];
}

/** What may differ between any two replies left out. */
function comparable(reply: RawReply | undefined): string {
  if (!reply) return '';
  const headers = reply.headers.filter(([name]) => !/^(date|x-request-id|ratelimit-.*)$/.test(name));
  return JSON.stringify([reply.status, headers, { ...jsonOf(reply), request_id: '' }]);
}
