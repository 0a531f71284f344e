import { HOSTILE_FILES } from '../hostile/corpus.js';
import { photo } from '../support/client.js';
import { BOUNDARY, filePart, multipart, type Part, textPart } from '../support/multipart.js';
import type { Attack, Attempt } from './attack.js';
import { trickle } from './trickle.js';
import type { AttackRequest, Victim } from './victim.js';

const FORM_TYPE = ['Content-Type', `multipart/form-data; boundary=${BOUNDARY}`] as const;
const JPEG_START = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
/** More than the largest upload of any endpoint may have. */
const ENDLESS_BYTES = 256 * 1024 * 1024;

/** What a form with one image begins with. */
function beginning(): Buffer {
  const whole = multipart([textPart('employee_id', 'nobody'), filePart('image', JPEG_START)]);
  return whole.subarray(0, whole.indexOf(JPEG_START) + JPEG_START.length);
}

const FOREIGN = ['svg.jpg', 'tiff.jpg', 'gif.jpg', 'pdf.jpg', 'html.jpg', 'zip.jpg', 'heic.jpg', 'gif-then-jpeg.jpg'];
const BOMBS = [
  'png-bomb.jpg',
  'jpeg-bomb.jpg',
  'webp-bomb.jpg',
  'webp-canvas-bomb.jpg',
  'png-40-megapixels-interlaced.jpg',
  'animated-webp-1000.jpg',
  'jpeg-100000-scans.jpg',
];
const HIDDEN_BOMBS = ['png-profile-bomb.jpg', 'png-ztxt-bomb.jpg', 'png-itxt-bomb.jpg'];

/** Both photos of a comparison, which concerns no employee. */
function compareAll(names: readonly string[]): Attack['run'] {
  return async (victim) => {
    const attempts: Attempt[] = [];
    for (const name of names) {
      const file = filePart('image', await hostile(name));
      const [attempt] = await victim.sendAll([victim.form('/v1/comparisons', [file, file], 'verify')]);
      attempts.push({ what: name, got: attempt?.got ?? '' });
    }
    return attempts;
  };
}

async function hostile(name: string): Promise<Uint8Array> {
  const file = HOSTILE_FILES[name];
  if (!file) throw new Error(`there is no hostile file ${name}`);
  return file.make();
}

export const UPLOADS: readonly Attack[] = [
  {
    name: 'an upload without a token: is it read?',
    needs: ['closed'],
    expected: ['401 unauthorized'],
    run: (victim) => victim.sendAll([headOnly({ path: '/v1/verifications' }, 90_000_000)]),
  },
  {
    name: 'an upload of a terabyte',
    needs: ['verify'],
    expected: ['413 upload_too_large'],
    run: (victim) => victim.sendAll([headOnly({ path: '/v1/verifications', as: 'verify' }, 1e12)]),
  },
  {
    name: 'forms that are none',
    needs: ['verify'],
    expected: ['400 missing_fields', '413 upload_too_large'],
    run: (victim) => victim.sendAll(noForms(victim)),
  },
  {
    name: 'a thousand fields, a thousand files',
    needs: ['verify'],
    expected: ['413 upload_too_large'],
    run: (victim) =>
      victim.sendAll(
        [textPart('x', 'y'), filePart('x', JPEG_START)].map((part) =>
          victim.form('/v1/verifications', new Array<Part>(1000).fill(part), 'verify'),
        ),
      ),
  },
  {
    name: 'more photos than one',
    needs: ['verify'],
    expected: ['400 too_many_images'],
    async run(victim) {
      const image = filePart('image', await photo('person_a_2.jpg'));
      const parts = [textPart('employee_id', victim.stranger), ...new Array<Part>(20).fill(image)];
      return victim.sendAll([victim.form('/v1/verifications', parts, 'verify')]);
    },
  },
  {
    name: 'SVG, TIFF and others as .jpg',
    needs: ['verify'],
    expected: ['415 unsupported_image_type'],
    run: compareAll(FOREIGN),
  },
  { name: 'bombs', needs: ['verify'], expected: ['422 unreadable_image'], run: compareAll(BOMBS) },
  {
    name: 'bombs in what is not decoded',
    needs: ['verify'],
    expected: ['200 no_face', '422 unreadable_image'],
    run: compareAll(HIDDEN_BOMBS),
  },
];

/** Those that take their time. */
export const SLOW_UPLOADS: readonly Attack[] = [
  {
    name: 'an endless upload',
    needs: ['verify'],
    expected: ['413 upload_too_large', '408 upload_too_slow', '503 uploads_busy', 'hung up'],
    async run(victim) {
      const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536), Buffer.from('\r\n')]);
      const head = victim.bytes(CHUNKED);
      const start = beginning();
      const first = Buffer.concat([head, Buffer.from(`${start.length.toString(16)}\r\n`), start, Buffer.from('\r\n')]);
      return [
        await trickle(victim, { what: 'chunks of zeros', first, more: chunk, everyMs: 0, maxBytes: ENDLESS_BYTES }),
      ];
    },
  },
  {
    name: 'an upload of 10 bytes a second',
    needs: ['verify'],
    expected: ['408 upload_too_slow', '503 uploads_busy', 'hung up'],
    async run(victim) {
      const request = headOnly({ path: '/v1/verifications', as: 'verify' }, 1_000_000);
      const first = Buffer.concat([victim.bytes(request), beginning()]);
      return [await trickle(victim, { what: 'a byte at a time', first, more: Buffer.of(0), everyMs: 100 })];
    },
  },
];

function headOnly({ path, as }: { path: string; as?: 'verify' }, length: number): AttackRequest {
  return { method: 'POST', path, as, headers: [FORM_TYPE, ['Content-Length', `${length}`]] };
}

const CHUNKED: AttackRequest = {
  method: 'POST',
  path: '/v1/verifications',
  as: 'verify',
  headers: [FORM_TYPE, ['Transfer-Encoding', 'chunked']],
};

function noForms(victim: Victim): AttackRequest[] {
  const post = (type: string, body: string): AttackRequest => ({
    method: 'POST',
    path: '/v1/verifications',
    as: 'verify',
    headers: [['Content-Type', type]],
    body: Buffer.from(body),
  });
  return [
    post('application/json', '{"employee_id":"1","image":"x"}'),
    post('application/x-www-form-urlencoded', 'employee_id=1&image=x'),
    post('text/xml', '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'),
    post('multipart/form-data', 'x'),
    post('multipart/form-data; boundary=', '--\r\n'),
    post(`multipart/form-data; boundary=${'b'.repeat(1000)}`, 'x'),
    post(FORM_TYPE[1], `--${BOUNDARY}\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\n`),
    post(FORM_TYPE[1], `--${BOUNDARY}\r\n`.repeat(20)),
    victim.form('/v1/verifications', [textPart('image', 'x')], 'verify'),
  ];
}
