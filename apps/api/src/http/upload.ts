import type { ErrorCode } from '@rollcall/contracts';
import { imageTypeOf } from './image-type.js';

/** A multipart form with images and texts. */
export interface UploadForm {
  /** One or more, in the order of the form, each a JPEG, PNG or WebP by its first bytes. */
  readonly images: Uint8Array[];
  /** The value of a text field, undefined when it is missing or blank. */
  text(name: string): string | undefined;
}

export type FormResult =
  | { readonly ok: true; readonly form: UploadForm }
  | { readonly ok: false; readonly code: ErrorCode };

export interface FormRules {
  readonly maxImageBytes: number;
  /** Names of the fields that hold images. */
  readonly imageFields: readonly string[];
  /** How many images there must be, and may be. */
  readonly minImages: number;
  readonly maxImages: number;
}

/** Room for the multipart envelope and the text fields. */
const ENVELOPE_BYTES = 65_536;

/** The multipart form of a request. The body is read up to the limit and no further. */
export async function readUploadForm(request: Request, rules: FormRules): Promise<FormResult> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^multipart\/form-data\s*;/i.test(type)) return refused('missing_fields');
  const limit = rules.maxImages * rules.maxImageBytes + ENVELOPE_BYTES;
  if (Number(request.headers.get('content-length')) > limit) return refused('upload_too_large');
  const body = await readUpTo(request.body, limit);
  if (body === undefined) return refused('upload_too_large');

  let data: FormData;
  try {
    data = await new Response(body, { headers: { 'content-type': type } }).formData();
  } catch {
    return refused('missing_fields');
  }
  const files = rules.imageFields
    .flatMap((name) => data.getAll(name))
    .filter((value) => value instanceof Blob)
    .filter(({ size }) => size > 0);
  if (files.length < rules.minImages) return refused('missing_fields');
  if (files.length > rules.maxImages) return refused('too_many_images');
  if (files.some((file) => file.size > rules.maxImageBytes)) return refused('upload_too_large');
  const images = await Promise.all(files.map(async (file) => new Uint8Array(await file.arrayBuffer())));
  if (!images.every(imageTypeOf)) return refused('unsupported_image_type');
  return {
    ok: true,
    form: {
      images,
      text(name) {
        const value = data.get(name);
        return typeof value === 'string' && value.trim() !== '' ? value : undefined;
      },
    },
  };
}

function refused(code: ErrorCode): FormResult {
  return { ok: false, code };
}

/** The whole body, or undefined as soon as it is longer than `limit`; the rest is then left unread. */
async function readUpTo(body: ReadableStream<Uint8Array> | null, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader();
  for (;;) {
    const chunk = await reader?.read();
    if (!chunk || chunk.done) return Buffer.concat(chunks, length);
    length += chunk.value.byteLength;
    if (length > limit) {
      reader?.releaseLock();
      return undefined;
    }
    chunks.push(chunk.value);
  }
}
