import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FormResult, type FormRules, readUploadForm } from './upload.js';
import { createUploadGate } from './upload-gate.js';
import { uploadSource } from './upload-source.js';

const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(100)]);
const PNG = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(100)]);
const WEBP = Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBPVP8 '), Buffer.alloc(100)]);
const MAX = 100_000;
const RULES: FormRules = { maxImageBytes: MAX, imageFields: ['image'], minImages: 1, maxImages: 1 };
const gate = createUploadGate({ memoryBytes: 10 * MAX, timeoutMs: 10_000 });

async function readForm(request: Request, rules: FormRules): Promise<FormResult> {
  const read = await readUploadForm(uploadSource(request), rules, gate);
  if (read.ok) read.form.release();
  expect(gate.reservedBytes).toBe(0);
  return read;
}

function request(fields: Record<string, string | Uint8Array>, type = 'image/jpeg'): Request {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    form.append(name, typeof value === 'string' ? value : new Blob([Uint8Array.from(value)], { type }));
  }
  return new Request('http://rollcall/', { method: 'POST', body: form });
}

describe('readUploadForm', () => {
  it.each([
    ['JPEG', JPEG],
    ['PNG', PNG],
    ['WebP', WEBP],
  ])('reads a %s, whatever media type it claims', async (_name, image) => {
    const read = await readForm(request({ employee_id: '7', note: ' ', image }, 'text/plain'), RULES);
    if (!read.ok) throw new Error(read.code);
    expect(read.form.images).toEqual([image]);
    expect(['employee_id', 'note', 'image', 'missing'].map(read.form.text)).toEqual([
      '7',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each<[string, Record<string, string | Uint8Array>]>([
    ['no image', { employee_id: '7' }],
    ['an image that is text', { employee_id: '7', image: 'x' }],
    ['an empty image', { employee_id: '7', image: new Uint8Array() }],
  ])('misses fields when there is %s', async (_name, fields) => {
    expect(await readForm(request(fields), RULES)).toEqual({ ok: false, code: 'missing_fields' });
  });

  it.each<[string, BodyOf, Record<string, string>]>([
    ['no body', undefined, {}],
    ['JSON', '{"employee_id":"7"}', { 'content-type': 'application/json' }],
    ['no boundary', 'x', { 'content-type': 'multipart/form-data' }],
    ['a broken body', '--b\r\ngarbage', { 'content-type': 'multipart/form-data; boundary=b' }],
    [
      'a body cut short',
      '--b\r\nContent-Disposition: form-data; name="employee_id"\r\n\r\n7',
      { 'content-type': 'multipart/form-data; boundary=b' },
    ],
  ])('misses fields when there is %s', async (_name, body, headers) => {
    const broken = new Request('http://rollcall/', { method: 'POST', headers, ...(body !== undefined && { body }) });
    expect(await readForm(broken, RULES)).toEqual({ ok: false, code: 'missing_fields' });
  });

  it('takes as many images as the rules say', async () => {
    const two: FormRules = { ...RULES, minImages: 2, maxImages: 2, imageFields: ['image', 'image2'] };
    expect(await readForm(request({ image: JPEG, image2: PNG }), two)).toMatchObject({ ok: true });
    expect(await readForm(request({ image: JPEG }), two)).toEqual({ ok: false, code: 'missing_fields' });
    const one: FormRules = { ...two, minImages: 1, maxImages: 1 };
    expect(await readForm(request({ image: JPEG, image2: PNG }), one)).toEqual({
      ok: false,
      code: 'too_many_images',
    });
  });

  it.each([
    ['GIF', Buffer.from('GIF89a........')],
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['RIFF that is no WebP', Buffer.from('RIFF\0\0\0\0WAVEfmt ')],
    ['one byte', Buffer.from([0xff])],
  ])('refuses %s named .jpg', async (_name, image) => {
    expect(await readForm(request({ employee_id: '7', image }), RULES)).toEqual({
      ok: false,
      code: 'unsupported_image_type',
    });
  });

  it('refuses an image that is one byte too long', async () => {
    const image = (length: number) => Buffer.concat([JPEG, Buffer.alloc(length - JPEG.length)]);
    expect(await readForm(request({ employee_id: '7', image: image(MAX) }), RULES)).toMatchObject({
      ok: true,
    });
    expect(await readForm(request({ employee_id: '7', image: image(MAX + 1) }), RULES)).toEqual({
      ok: false,
      code: 'upload_too_large',
    });
  });

  it('stops reading an endless body', async () => {
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += 16_384;
        controller.enqueue(new Uint8Array(16_384));
      },
    });
    const endless = new Request('http://rollcall/', {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    } as RequestInit);
    expect(await readForm(endless, RULES)).toEqual({ ok: false, code: 'upload_too_large' });
    // What the streams between hold is read ahead.
    expect(sent).toBeLessThan(MAX + 65_536 + 8 * 16_384);
  });
});

type BodyOf = string | undefined;

const BOUNDARY = 'boundary';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Sends the chunks as they are. */
function readChunks(chunks: readonly Buffer[], rules = RULES, boundary = BOUNDARY): Promise<FormResult> {
  const source = {
    body: Readable.from(chunks, { objectMode: false }),
    contentType: `multipart/form-data; boundary=${boundary}`,
    contentLength: undefined,
    bytesOnWire: () => 0,
  };
  return readUploadForm(source, rules, gate);
}

function part(headers: string, content: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(`--${BOUNDARY}\r\n${headers}\r\n\r\n`), Buffer.from(content), Buffer.from('\r\n')]);
}
const text = (name: string, value: string) => part(`Content-Disposition: form-data; name="${name}"`, value);
const file = (name: string, bytes: Buffer) =>
  part(`Content-Disposition: form-data; name="${name}"; filename="a.jpg"\r\nContent-Type: image/jpeg`, bytes);
const whole = (...parts: Buffer[]) => Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)]);

const sha1 = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('hex');

/** What a caller sees of a result. */
async function seen(result: Promise<FormResult>) {
  const read = await result;
  if (!read.ok) return read.code;
  read.form.release();
  return {
    images: read.form.images.map(sha1),
    id: read.form.text('employee_id'),
  };
}

describe('readUploadForm, of whatever bytes', () => {
  // Its image has line breaks and half a boundary in it.
  const image = Buffer.concat([JPEG, Buffer.from(`\r\n--${BOUNDARY.slice(0, 5)}\r\n\r\n--`), JPEG]);
  const small = whole(text('employee_id', '7'), file('image', image));
  const expected = { images: [sha1(image)], id: '7' };

  it('reads the same however it is split in two', async () => {
    for (let at = 1; at < small.length; at++) {
      expect(await seen(readChunks([small.subarray(0, at), small.subarray(at)]))).toEqual(expected);
    }
  });

  it('reads the same however it is cut into chunks', async () => {
    const several = whole(
      text('note', ''),
      file('image', image),
      file('other', PNG),
      file('image', PNG),
      file('image', WEBP),
    );
    const rules = { ...RULES, maxImages: 3 };
    const cuts = fc.array(fc.integer({ min: 1, max: several.length - 1 }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const sorted = [0, ...new Set(places), several.length].sort((a, b) => a - b);
        const chunks = sorted.slice(1).map((end, index) => several.subarray(sorted[index], end));
        expect(await seen(readChunks(chunks, rules))).toEqual({ images: [image, PNG, WEBP].map(sha1), id: undefined });
      }),
      { seed: 20_26, numRuns: 300 },
    );
  });

  it('misses fields wherever it is cut off', async () => {
    // Without its last line break it is whole.
    for (let length = 0; length < small.length - 2; length++) {
      expect(await seen(readChunks([small.subarray(0, length)]))).toBe('missing_fields');
    }
  });

  it('survives any bytes', async () => {
    const fragments = [
      `--${BOUNDARY}`,
      '\r\n',
      '--',
      'Content-Disposition: form-data; name="image"; filename="x"',
      'Content-Disposition: form-data; name="employee_id"',
      'Content-Type: multipart/mixed; boundary=x; charset=',
      ';',
      '\0',
      '\xff\xd8\xff',
    ];
    const bytes = fc.array(fc.oneof(fc.constantFrom(...fragments), fc.string({ maxLength: 5 })), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(bytes, async (pieces) => {
        const read = await seen(
          readChunks(pieces.filter((piece) => piece !== '').map((piece) => Buffer.from(piece, 'latin1'))),
        );
        expect(['string', 'object']).toContain(typeof read);
      }),
      { seed: 20_26, numRuns: 500 },
    );
    expect(gate.reservedBytes).toBe(0);
  });

  it.each<[string, Buffer, unknown]>([
    [
      'two texts of one name: the first',
      whole(text('employee_id', '7'), text('employee_id', '8'), file('image', JPEG)),
      '7',
    ],
    ['texts after the image', whole(file('image', JPEG), text('employee_id', '7')), '7'],
    ['what follows the form', Buffer.concat([whole(text('employee_id', '7'), file('image', JPEG)), JPEG]), '7'],
    [
      'parts without a name',
      whole(
        part('Content-Disposition: form-data', 'x'),
        part('Content-Disposition: form-data; filename="x"', JPEG),
        part('X-Nothing: y', 'x'),
        text('employee_id', '7'),
        file('image', JPEG),
      ),
      '7',
    ],
    ['files of other names', whole(file('employee_id', JPEG), file('image', JPEG), file('image3', PNG)), undefined],
    [
      'a part header of 20 KB',
      whole(
        part(`Content-Disposition: form-data; name="employee_id"\r\nX-Long: ${'y'.repeat(20_000)}`, '7'),
        file('image', JPEG),
      ),
      '7',
    ],
    [
      'a nested multipart',
      whole(
        part('Content-Disposition: form-data; name="image"\r\nContent-Type: multipart/mixed; boundary=x', '--x--'),
        text('employee_id', '7'),
        file('image', JPEG),
      ),
      '7',
    ],
    ['a name that every object has', whole(text('__proto__', 'x'), text('employee_id', '7'), file('image', JPEG)), '7'],
  ])('takes from %s', async (_name, body, id) => {
    expect(await seen(readChunks([body]))).toEqual({ images: [sha1(JPEG)], id });
  });

  it.each<[string, Buffer, string]>([
    ['1,000 texts', whole(...Array.from({ length: 1000 }, (_, index) => text(`f${index}`, 'x'))), 'upload_too_large'],
    ['1,000 files', whole(...Array.from({ length: 1000 }, () => file('other', JPEG))), 'upload_too_large'],
    ['20 images', whole(...Array.from({ length: 20 }, () => file('image', JPEG))), 'too_many_images'],
    ['1,000 empty parts', Buffer.from(`--${BOUNDARY}\r\n`.repeat(1000)), 'upload_too_large'],
    ['a text of 5 KB', whole(text('employee_id', 'x'.repeat(5000)), file('image', JPEG)), 'upload_too_large'],
    ['only its end', Buffer.from(`--${BOUNDARY}--`), 'missing_fields'],
  ])('refuses %s', async (_name, body, code) => {
    expect(await seen(readChunks([body]))).toBe(code);
  });

  it.each(['other', '', '"', 'x'.repeat(300)])('misses fields when the boundary is %.10j', async (boundary) => {
    expect(await seen(readChunks([small], RULES, boundary))).toBe('missing_fields');
  });

  it('refuses what is no image after its first bytes', async () => {
    let sent = 0;
    const source = {
      body: new Readable({
        read() {
          sent += 1000;
          this.push(sent === 1000 ? file('image', Buffer.alloc(1000)).subarray(0, -2) : Buffer.alloc(1000));
        },
      }),
      contentType: `multipart/form-data; boundary=${BOUNDARY}`,
      contentLength: MAX,
      bytesOnWire: () => 0,
    };
    expect(await readUploadForm(source, RULES, gate)).toEqual({ ok: false, code: 'unsupported_image_type' });
    expect(sent).toBeLessThan(MAX);
    source.body.destroy();
  });

  it('tells several images apart, whatever their length', async () => {
    const lengths = [1, 12, 9000, 70_000, 100_000];
    const images = lengths.map((length, index) =>
      Buffer.concat([JPEG.subarray(0, 4), Buffer.alloc(length, index + 1)]),
    );
    const rules: FormRules = { ...RULES, maxImageBytes: 2 * MAX, maxImages: 5 };
    const body = whole(...images.map((bytes) => file('image', bytes)));
    const chunks = Array.from({ length: Math.ceil(body.length / 1000) }, (_, i) =>
      body.subarray(1000 * i, 1000 * (i + 1)),
    );
    expect(await seen(readChunks(chunks, rules))).toEqual({
      images: images.map(sha1),
      id: undefined,
    });
  });

  it('keeps no image alive for a text', async () => {
    const { image, form } = await (async () => {
      const read = await readChunks([small]);
      if (!read.ok) throw new Error(read.code);
      const { images, text, release } = read.form;
      return { image: new WeakRef((images[0] as Uint8Array).buffer), form: { text, release } };
    })();
    await expect
      .poll(
        () => {
          collectGarbage();
          return image.deref() === undefined;
        },
        { timeout: 10_000 },
      )
      .toBe(true);
    expect(form.text('employee_id')).toBe('7');
    form.release();
  });
});
