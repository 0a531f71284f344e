import fc from 'fast-check';
import { BOUNDARY, filePart, multipart, type Part, textPart } from '../support/multipart.js';
import { BYSTANDER } from './arena.js';
import { nastyText } from './strings.js';

/** A body and the content type that it claims. */
export interface Form {
  readonly contentType: string;
  readonly body: Uint8Array;
}

const CONTENT_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

/** Most changes leave the beginning, which says that this is a photo. */
const percent = fc.oneof({ arbitrary: fc.integer({ min: 1, max: 100 }), weight: 9 }, fc.constant(0));
const someBytes = fc.uint8Array({ minLength: 1, maxLength: 30 });

/** Photos as they are, or changed on the way: cut, overwritten, stretched. */
function photoLike(photos: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const whole = fc.constantFrom(...photos);
  const cutAt = (photo: Uint8Array, share: number) => Math.floor((photo.length * share) / 100);
  return fc.oneof(
    { arbitrary: whole, weight: 2 },
    fc.tuple(whole, percent).map(([photo, share]) => photo.subarray(0, cutAt(photo, share))),
    fc.tuple(whole, fc.array(fc.tuple(percent, someBytes), { minLength: 1, maxLength: 8 })).map(([photo, patches]) => {
      const patched = Buffer.from(photo);
      for (const [share, patch] of patches) Buffer.from(patch).copy(patched, cutAt(patched, share));
      return patched;
    }),
    fc.tuple(whole, percent, someBytes).map(([photo, share, bytes]) => {
      const cut = cutAt(photo, share);
      return Buffer.concat([photo.subarray(0, cut), bytes, photo.subarray(cut)]);
    }),
  );
}

/** Something to upload: {@link photoLike} or nothing like it. */
export function changedPhoto(photos: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { arbitrary: photoLike(photos), weight: 9 },
    fc.uint8Array({ maxLength: 200 }),
    fc
      .tuple(fc.constantFrom(...photos), someBytes)
      .map(([photo, bytes]) => Buffer.concat([photo.subarray(0, 12), bytes])),
  );
}

const NAMES = ['image', 'image1', 'image2', 'employee_id', 'limit', 'force', '__proto__', 'constructor', ''];

/** Line breaks and quotes stay in: whoever writes a form by hand forgets them too. */
function part(photos: readonly Uint8Array[]): fc.Arbitrary<Part> {
  const name = fc.oneof(
    { arbitrary: fc.constantFrom(...NAMES), weight: 6 },
    { arbitrary: nastyText, weight: 1 },
    fc.constant('n'.repeat(9000)),
  );
  const fileName = fc.oneof(fc.constantFrom('a.jpg', '', '../../a.jpg', 'a\0.jpg', 'a".jpg', 'C:\\a.jpg'), nastyText);
  const content = fc.oneof(
    { arbitrary: changedPhoto(photos), weight: 4 },
    { arbitrary: fc.constantFrom(BYSTANDER, '3', ''), weight: 3 },
    nastyText,
    fc.constant(multipart([{ headers: 'Content-Disposition: form-data; name="image"; filename="a"', content: 'x' }])),
  );
  const type = fc.constantFrom(
    '',
    '\r\nContent-Type: image/jpeg',
    '\r\nContent-Type: multipart/mixed; boundary=inner',
    `\r\nContent-Type: multipart/form-data; boundary=${BOUNDARY}`,
    '\r\nContent-Type: text/plain; charset=utf-16',
    '\r\nContent-Type: ;',
    '\r\nContent-Transfer-Encoding: base64',
    `\r\nX-Long: ${'y'.repeat(20_000)}`,
    '\r\nContent-Disposition: form-data; name="employee_id"',
  );
  const disposition = fc.oneof(
    { arbitrary: name.map((value) => `Content-Disposition: form-data; name="${value}"`), weight: 3 },
    {
      arbitrary: fc
        .tuple(name, fileName)
        .map(([value, file]) => `Content-Disposition: form-data; name="${value}"; filename="${file}"`),
      weight: 5,
    },
    fc
      .tuple(name, fileName)
      .map(([value, file]) => `Content-Disposition: form-data; name=${value}; filename*=UTF-8''${file}`),
    fc.constantFrom(
      '',
      'Content-Disposition',
      'Content-Disposition: attachment',
      'content-disposition:form-data;name=image',
    ),
  );
  return fc.record({ headers: fc.tuple(disposition, type).map((lines) => lines.join('')), content });
}

/** What any of the endpoints asks for, among anything. */
function complete(photos: readonly Uint8Array[]): fc.Arbitrary<readonly Part[]> {
  const images = fc
    .tuple(fc.integer({ min: 1, max: 2 }), fc.constantFrom(...photos))
    .map(([count, photo]) => Array.from({ length: count }, () => filePart('image', photo)));
  const among = fc.array(part(photos), { maxLength: 2 });
  return fc
    .tuple(among, images, among)
    .map(([before, list, after]) => [textPart('employee_id', BYSTANDER), ...before, ...list, ...after]);
}

/** A form with up to 20 parts, mostly well written; then cut, stretched or mixed with anything. */
export function form(photos: readonly Uint8Array[]): fc.Arbitrary<Form> {
  const parts = fc.oneof(
    { arbitrary: complete(photos), weight: 6 },
    { arbitrary: fc.array(part(photos), { maxLength: 5 }), weight: 3 },
    fc.array(part(photos), { minLength: 6, maxLength: 20 }),
    fc.tuple(part(photos), fc.constantFrom(20, 100)).map(([one, times]) => Array.from({ length: times }, () => one)),
  );
  const contentType = fc.oneof(
    { arbitrary: fc.constant(CONTENT_TYPE), weight: 16 },
    fc.constantFrom(
      `Multipart/Form-Data; Boundary="${BOUNDARY}"`,
      `multipart/form-data; boundary=${BOUNDARY} `,
      `multipart/form-data; boundary=${BOUNDARY.slice(0, -1)}`,
      'multipart/form-data; boundary=-',
      'multipart/form-data; boundary=other',
      'multipart/form-data;',
    ),
  );
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const spoil = fc.oneof(
    { arbitrary: fc.constant((body: Buffer) => body), weight: 10 },
    share.map((at) => (body: Buffer) => body.subarray(0, Math.floor(body.length * at))),
    fc.tuple(share, fc.uint8Array({ maxLength: 100 })).map(([at, bytes]) => (body: Buffer) => {
      const cut = Math.floor(body.length * at);
      return Buffer.concat([body.subarray(0, cut), bytes, body.subarray(cut)]);
    }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => () => Buffer.from(bytes)),
    fc.constant((body: Buffer) => Buffer.concat([body, body])),
    fc.constant((body: Buffer) => Buffer.from(body.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')),
  );
  return fc
    .record({ parts, contentType, spoil })
    .map(({ parts: list, contentType: type, spoil: change }) => ({ contentType: type, body: change(multipart(list)) }));
}
