/** One part of a form, as it is written, right or wrong. */
export interface Part {
  /** Header lines, joined by line breaks. */
  readonly headers: string;
  readonly content: string | Uint8Array;
}

export const BOUNDARY = 'rollcall-test-boundary';

/** The form that a gate posts, as bytes. */
export function multipart(parts: readonly Part[], boundary = BOUNDARY): Buffer {
  return Buffer.concat([
    ...parts.flatMap(({ headers, content }) => [
      Buffer.from(`--${boundary}\r\n${headers}\r\n\r\n`, 'utf8'),
      Buffer.from(content as Uint8Array),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`, 'utf8'),
  ]);
}

export function textPart(name: string, value: string | Uint8Array): Part {
  return { headers: `Content-Disposition: form-data; name="${name}"`, content: value };
}

export function filePart(name: string, bytes: Uint8Array, fileName = 'photo.jpg'): Part {
  const disposition = `Content-Disposition: form-data; name="${name}"; filename="${fileName}"`;
  return { headers: `${disposition}\r\nContent-Type: image/jpeg`, content: bytes };
}
