import { type ErrorCode, employeeIdSchema } from '@rollcall/contracts';
import { imageTypeOf } from './image-type.js';

export interface VerificationForm {
  readonly employeeId: string;
  readonly image: Uint8Array;
}

export type FormResult =
  | { readonly ok: true; readonly form: VerificationForm }
  | { readonly ok: false; readonly code: ErrorCode };

/** Room for the multipart envelope and the other field beside the image. */
const ENVELOPE_BYTES = 65_536;

/**
 * The multipart form `employee_id`, `image` of a request. The body is read up to the limit and no further; the fields
 * are checked from the cheapest rule to the dearest.
 */
export async function readVerificationForm(request: Request, maxImageBytes: number): Promise<FormResult> {
  const type = request.headers.get('content-type') ?? '';
  if (!/^multipart\/form-data\s*;/i.test(type)) return refused('missing_fields');
  const limit = maxImageBytes + ENVELOPE_BYTES;
  if (Number(request.headers.get('content-length')) > limit) return refused('upload_too_large');
  const body = await readUpTo(request.body, limit);
  if (body === undefined) return refused('upload_too_large');

  let form: FormData;
  try {
    form = await new Response(body, { headers: { 'content-type': type } }).formData();
  } catch {
    return refused('missing_fields');
  }
  const id = form.get('employee_id');
  const file = form.get('image');
  if (typeof id !== 'string' || id.trim() === '' || !(file instanceof Blob) || file.size === 0) {
    return refused('missing_fields');
  }
  const employeeId = employeeIdSchema.safeParse(id);
  if (!employeeId.success) return refused('invalid_employee_id');
  if (file.size > maxImageBytes) return refused('upload_too_large');
  const image = new Uint8Array(await file.arrayBuffer());
  if (!imageTypeOf(image)) return refused('unsupported_image_type');
  return { ok: true, form: { employeeId: employeeId.data, image } };
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
