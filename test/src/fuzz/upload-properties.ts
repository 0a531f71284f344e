import { employeeIdSchema } from '@rollcall/contracts';
import fc from 'fast-check';
import { filePart, textPart } from '../support/multipart.js';
import { headerOf, type RawRequest } from '../support/raw-http.js';
import { BYSTANDER, FUZZED } from './arena.js';
import { changedPhoto, form } from './forms.js';
import { authorization } from './headers.js';
import { type Property, postForm, sendRequest, targetOf, whichTarget } from './property.js';
import { encoded, nastyText } from './strings.js';

/** Where photos are posted; `:id` stands for an employee of the fuzz's own. */
const UPLOAD_PATHS = [
  '/recognize_face',
  '/v1/verifications',
  '/v1/comparisons',
  '/v1/identifications',
  '/v1/assessments',
  '/v1/employees/:id/faces',
] as const;

const uploadPath = fc
  .tuple(fc.constantFrom(...UPLOAD_PATHS), fc.integer({ min: 0, max: 9 }))
  .map(([where, number]) => where.replace(':id', `${FUZZED}${number}`));

/** The longest text of a form that is read. */
const MAX_TEXT_BYTES = 4096;

/** An id in a form reaches the server as UTF-8; lone surrogates become U+FFFD. */
const asUtf8 = (text: string) => Buffer.from(text).toString();

function idIsTaken(text: string): boolean {
  return employeeIdSchema.safeParse(text).success;
}

/** Of forms, ids and photos. */
export const UPLOAD_PROPERTIES: readonly Property[] = [
  {
    name: 'any form',
    runs: 500,
    meets: [200, 201, 400, 413, 415, 422],
    make: (room) =>
      fc.asyncProperty(
        fc.record({ which: whichTarget, where: uploadPath, form: form(room.photos), chunked: fc.boolean() }),
        async ({ which, where, form: { contentType, body }, chunked }) => {
          const target = targetOf(room, which);
          const framing: RawRequest['headers'] = chunked ? [['Transfer-Encoding', 'chunked']] : [];
          const sent = chunked ? inChunks(body) : body;
          const list = [...authorization(target, 0), ['Content-Type', contentType] as const, ...framing];
          const { replies } = await sendRequest(room, target, {
            method: 'POST',
            path: where,
            headers: list,
            body: sent,
          });
          if (replies[0]?.status === 408) throw new Error('what has arrived was waited for');
        },
      ),
  },
  {
    name: 'any id in a form',
    runs: 150,
    meets: [400, 404],
    make: (room) =>
      fc.asyncProperty(
        fc.record({ which: whichTarget, id: nastyText, original: fc.boolean() }),
        async ({ which, id, original }) => {
          const parts = [textPart('employee_id', id), filePart('image', room.photos[0] as Uint8Array)];
          const where = original ? '/recognize_face' : '/v1/verifications';
          const { replies } = await postForm(room, targetOf(room, which), where, parts);
          const expected = idIsTaken(asUtf8(id)) ? 404 : Buffer.byteLength(id) > MAX_TEXT_BYTES ? 413 : 400;
          expectStatus(replies[0]?.status, [expected], `employee_id ${JSON.stringify(id)}`);
        },
      ),
  },
  {
    name: 'any id in a path',
    runs: 300,
    meets: [200, 201, 400, 404],
    make: (room) =>
      fc.asyncProperty(
        fc.record({
          which: whichTarget,
          id: nastyText,
          action: fc.constantFrom('enrol', 'read', 'faces', 'erase', 'face', 'erase face', 'other face', 'job'),
        }),
        async ({ which, id, action }) => {
          const target = targetOf(room, which);
          const own = `/v1/employees/${encoded(FUZZED + id)}`;
          const faces = `/v1/employees/${FUZZED}0/faces`;
          const requests: Record<typeof action, readonly [method: string, path: string]> = {
            enrol: ['POST', `${own}/faces`],
            read: ['GET', own],
            faces: ['GET', `${own}/faces`],
            erase: ['DELETE', own],
            face: ['GET', `${faces}/face_${encoded(id)}`],
            'erase face': ['DELETE', `${faces}/face_${encoded(id)}`],
            'other face': ['GET', `${faces}/${encoded(id)}`],
            job: ['GET', `/v1/jobs/${encoded(id)}`],
          };
          const [verb, where] = requests[action];
          const { replies } =
            action === 'enrol'
              ? await postForm(room, target, where, [filePart('image', room.photos[0] as Uint8Array)])
              : await sendRequest(room, target, {
                  method: verb,
                  path: where,
                  headers: authorization(target, 0),
                  body: Buffer.alloc(0),
                });
          const isEmployee = where.startsWith(own);
          const possible = !isEmployee
            ? [404, 431]
            : idIsTaken(asUtf8(FUZZED + id))
              ? [200, 201, 404]
              : [400, 404, 431];
          expectStatus(replies[0]?.status, possible, `${verb} ${where}`);
        },
      ),
  },
  {
    name: 'any photo',
    runs: 200,
    meets: [200, 201, 400, 415, 422],
    make: (room) =>
      fc.asyncProperty(
        fc.record({
          which: whichTarget,
          where: uploadPath,
          images: fc.array(changedPhoto(room.photos), { minLength: 2, maxLength: 2 }),
          // Mostly as many as the endpoint takes.
          both: fc.constantFrom(false, false, false, false, true),
        }),
        async ({ which, where, images, both }) => {
          const count = both || where.endsWith('comparisons') ? 2 : 1;
          const files = images.slice(0, count).map((image) => filePart('image', image));
          const parts = [textPart('employee_id', BYSTANDER), ...files];
          const { replies } = await postForm(room, targetOf(room, which), where, parts);
          if (!replies.every((reply) => headerOf(reply, 'x-request-id'))) throw new Error('there is no request id');
        },
      ),
  },
];

function expectStatus(status: number | undefined, expected: readonly number[], what: string): void {
  if (status === undefined || !expected.includes(status)) {
    throw new Error(`${what} was answered with ${status} instead of ${expected.join(' or ')}`);
  }
}

/** Chunks of different lengths, the smallest in front. */
function inChunks(body: Uint8Array): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0, length = 1; at < body.length; at += length, length = Math.min(3 * length, 8192)) {
    const piece = body.subarray(at, at + length);
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), Buffer.from(piece), Buffer.from('\r\n'));
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')]);
}
