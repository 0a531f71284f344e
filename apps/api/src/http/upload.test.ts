import { describe, expect, it } from 'vitest';
import { type FormRules, readUploadForm } from './upload.js';

const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(100)]);
const PNG = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(100)]);
const WEBP = Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBPVP8 '), Buffer.alloc(100)]);
const MAX = 100_000;
const RULES: FormRules = { maxImageBytes: MAX, imageFields: ['image'], minImages: 1, maxImages: 1 };

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
    const read = await readUploadForm(request({ employee_id: '7', note: ' ', image }, 'text/plain'), RULES);
    if (!read.ok) throw new Error(read.code);
    expect(read.form.images).toEqual([Uint8Array.from(image)]);
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
    expect(await readUploadForm(request(fields), RULES)).toEqual({ ok: false, code: 'missing_fields' });
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
    expect(await readUploadForm(broken, RULES)).toEqual({ ok: false, code: 'missing_fields' });
  });

  it('takes as many images as the rules say', async () => {
    const two: FormRules = { ...RULES, minImages: 2, maxImages: 2, imageFields: ['image', 'image2'] };
    expect(await readUploadForm(request({ image: JPEG, image2: PNG }), two)).toMatchObject({ ok: true });
    expect(await readUploadForm(request({ image: JPEG }), two)).toEqual({ ok: false, code: 'missing_fields' });
    const one: FormRules = { ...two, minImages: 1, maxImages: 1 };
    expect(await readUploadForm(request({ image: JPEG, image2: PNG }), one)).toEqual({
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
    expect(await readUploadForm(request({ employee_id: '7', image }), RULES)).toEqual({
      ok: false,
      code: 'unsupported_image_type',
    });
  });

  it('refuses an image that is one byte too long', async () => {
    const image = (length: number) => Buffer.concat([JPEG, Buffer.alloc(length - JPEG.length)]);
    expect(await readUploadForm(request({ employee_id: '7', image: image(MAX) }), RULES)).toMatchObject({
      ok: true,
    });
    expect(await readUploadForm(request({ employee_id: '7', image: image(MAX + 1) }), RULES)).toEqual({
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
    expect(await readUploadForm(endless, RULES)).toEqual({ ok: false, code: 'upload_too_large' });
    expect(sent).toBeLessThan(MAX + 65_536 + 3 * 16_384);
  });
});

type BodyOf = string | undefined;
