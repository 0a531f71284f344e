import { photo } from '../support/client.js';
import { filePart, textPart } from '../support/multipart.js';
import type { Attack } from './attack.js';
import type { Victim } from './victim.js';

/** Should one of them lead to an employee, then to one who does not exist. */
const hostileIds = ({ stranger }: Victim): readonly string[] => [
  `../${stranger}`,
  '..',
  '.',
  '../../../../etc/passwd',
  '..\\..\\windows',
  '/etc/passwd',
  'C:\\',
  `${stranger}/`,
  `x/../${stranger}`,
  `${stranger}/.rollcall`,
  `....//${stranger}`,
  `${stranger}\0`,
  `${stranger}\0.jpg`,
  `%2e%2e%2f${stranger}`,
  `..%c0%af${stranger}`,
  `x\n${stranger}`,
  'a'.repeat(65),
  'a'.repeat(4000),
  "' OR '1'='1",
  '"; DROP TABLE employees; --',
  '{"$ne":null}',
  '$(id)',
  '`id`',
  '| id',
  '{{7*7}}',
  '<script>alert(1)</script>',
  `${stranger}\r\nSET x y`,
  '*',
  `${stranger}?x=1`,
  `${stranger}#x`,
  `\u202e${stranger}`,
  `\u200b${stranger}`,
];
const NOT_IN_A_PATH = ['400 invalid_employee_id', '404 route_not_found', '404'];

/** Encodes dots too, which URL parsers would otherwise take for steps. */
const encoded = (text: string) => encodeURIComponent(text).replace(/\./g, '%2e');

export const IDS: readonly Attack[] = [
  {
    name: 'paths and commands as employee_id',
    needs: ['verify'],
    expected: ['400 invalid_employee_id'],
    async run(victim) {
      const image = filePart('image', await photo('person_a_2.jpg'));
      return victim.sendAll(
        hostileIds(victim).map((id) =>
          victim.form('/v1/verifications', [textPart('employee_id', id), image], 'verify'),
        ),
      );
    },
  },
  {
    name: 'paths and commands as an employee of a URL',
    needs: ['admin'],
    expected: NOT_IN_A_PATH,
    run: (victim) =>
      victim.sendAll(hostileIds(victim).map((id) => ({ path: `/v1/employees/${encoded(id)}`, as: 'admin' }))),
  },
  {
    name: 'steps out of the API in a URL',
    needs: ['admin'],
    expected: ['400', '404 route_not_found', '404 face_not_found', '404'],
    run: (victim) =>
      victim.sendAll(
        [
          '/v1/employees/../../../../etc/passwd',
          '/v1/employees/%2e%2e/%2e%2e/etc/passwd',
          '/..%2f..%2fetc/passwd',
          '/%2e%2e%2f%2e%2e%2fetc/passwd',
          '/%c0%ae%c0%ae/etc/passwd',
          '/v1/employees/..%5c..%5cetc/faces/x',
          '/\\..\\..\\etc\\passwd',
          '/.env',
          '/.git/config',
          '/package.json',
          '/tokens.json',
          '/data/tokens.json',
          '/audit.jsonl',
          '/dist/main.js.map',
        ].map((path) => ({ path, as: 'admin' })),
      ),
  },
  {
    name: 'other files as the name of a photo',
    needs: ['admin'],
    expected: ['404 face_not_found', '404 route_not_found', '404'],
    run: (victim) =>
      victim.sendAll(
        [
          '../face_1.jpg',
          '../../tokens.json',
          '../../../../../../etc/passwd',
          '.rollcall/face_1.jpg.embedding.json',
          'face_../../x',
          'face_\0',
          'face_*',
          '.',
          '..',
          '',
          '__proto__',
          `face_${'x'.repeat(300)}`,
          'face_\\..\\x',
        ].map((face) => ({ path: `/v1/employees/${victim.stranger}/faces/${encoded(face)}`, as: 'admin' })),
      ),
  },
  {
    name: 'paths and commands in a query',
    needs: ['admin'],
    expected: ['400 invalid_request'],
    run: (victim) =>
      victim.sendAll(
        [
          'prefix=..%2f',
          'prefix=%00',
          'cursor=..%2f..%2fuploads',
          'limit=-1',
          'limit=1e9',
          'limit=NaN',
          'limit=1%3B',
        ].map((query) => ({ path: `/v1/employees?${query}`, as: 'admin' })),
      ),
  },
];
