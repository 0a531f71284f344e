import { headerOf } from '../support/raw-http.js';
import type { Attack, Attempt } from './attack.js';
import { wordsOf } from './victim.js';

const EVIL = 'https://evil.example';

export const WEB: readonly Attack[] = [
  {
    name: 'a form posted by a page of another origin',
    needs: ['verify'],
    expected: ['403 origin_not_allowed', '403'],
    run: (victim) =>
      victim.sendAll(
        [
          EVIL,
          'null',
          'http://localhost.evil.example',
          `${new URL(victim.url).origin}.evil.example`,
          'garbage',
        ].flatMap((origin) =>
          (
            [
              ['POST', '/v1/verifications'],
              ['POST', '/recognize_face'],
              ['PUT', '/queues/api/queues/pause'],
              ['DELETE', `/v1/employees/${victim.stranger}`],
            ] as const
          ).map(([method, path]) => ({ method, path, as: 'verify' as const, headers: [['Origin', origin]] as const })),
        ),
      ),
  },
  {
    name: 'a page of another origin asks to read replies',
    needs: [],
    expected: ['no permission'],
    async run(victim) {
      const attempts: Attempt[] = [];
      for (const [method, path] of [
        ['OPTIONS', '/v1/verifications'],
        ['OPTIONS', '/v1/employees'],
        ['GET', '/v1/employees'],
        ['GET', '/healthz'],
      ] as const) {
        const headers = [
          ['Origin', EVIL],
          ['Access-Control-Request-Method', 'POST'],
        ] as const;
        const { replies } = await victim.send({ method, path, headers });
        const allowed = replies.map((reply) => headerOf(reply, 'access-control-allow-origin')).filter(Boolean);
        attempts.push({ what: `${method} ${path}`, got: allowed.length === 0 ? 'no permission' : `allows ${allowed}` });
      }
      return attempts;
    },
  },
  {
    name: 'another name that leads to this server',
    needs: [],
    expected: ['403 host_not_allowed', '403', '401 unauthorized', '400', '404', '421'],
    async run(victim) {
      const attempts: Attempt[] = [];
      for (const host of [
        'evil.example',
        '127.0.0.1.evil.example',
        'localhost.evil.example',
        'localhost@evil.example',
      ]) {
        const got = wordsOf(await victim.send({ path: '/v1/employees', headers: [['Host', host]] }));
        attempts.push({ what: `Host: ${host}`, got });
      }
      return attempts;
    },
  },
  {
    name: 'a page frames or sniffs a reply, or a cache keeps it',
    needs: [],
    expected: ['guarded'],
    async run(victim) {
      const attempts: Attempt[] = [];
      for (const path of ['/healthz', '/v1/employees', '/nothing', '/docs', '/queues']) {
        const [reply] = (await victim.send({ path })).replies;
        const header = (name: string) => (reply && headerOf(reply, name)) ?? '';
        const missing = [
          header('x-content-type-options') === 'nosniff' ? '' : 'nosniff',
          header('x-frame-options') === 'DENY' ? '' : 'X-Frame-Options',
          header('content-security-policy').includes("frame-ancestors 'none'") ? '' : 'Content-Security-Policy',
          header('cache-control') === 'no-store' ? '' : 'Cache-Control',
        ].filter((name) => name !== '');
        attempts.push({ what: path, got: missing.length === 0 ? 'guarded' : `without ${missing.join(', ')}` });
      }
      return attempts;
    },
  },
];
