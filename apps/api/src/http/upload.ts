import type { ErrorCode } from '@rollcall/contracts';
import { createBodyReader } from './upload-body.js';
import { FREE_BYTES, type UploadGate } from './upload-gate.js';
import { createImageBuffer } from './upload-images.js';
import { createFormParser, type FileSink } from './upload-parser.js';
import type { UploadSource } from './upload-source.js';

/** A multipart form with images and texts. */
export interface UploadForm {
  /** One or more, in the order of the form, each a JPEG, PNG or WebP by its first bytes. Nothing else keeps their bytes. */
  readonly images: Uint8Array[];
  /** The value of a text field, undefined when it is missing or blank. */
  text(name: string): string | undefined;
  /** Must be called once the images are stored or given up: other uploads wait for their memory. */
  release(): void;
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

/**
 * A body may take this many times its bytes on the wire. Cut into chunks of a few bytes it takes more, and each of them would
 * cost hundreds of bytes of memory and as much work as a whole packet. Whoever sends such gets no answer: draining is what it
 * is made for.
 */
const MAX_WIRE_RATIO = 1.5;

/**
 * The multipart form of a request, read no further than until it is refused; a broken one misses fields, one whose client
 * leaves is too slow. Never rejects. What the client still sends after a refusal stays in the body: @hono/node-server drains
 * it for half a second, so that the client can read the answer, and then hangs up.
 */
export async function readUploadForm(source: UploadSource, rules: FormRules, gate: UploadGate): Promise<FormResult> {
  if (!/^multipart\/form-data\s*;/i.test(source.contentType)) return refused('missing_fields');
  const limit = rules.maxImages * rules.maxImageBytes + ENVELOPE_BYTES;
  if (source.contentLength !== undefined && source.contentLength > limit) return refused('upload_too_large');
  return new Promise((resolve) => receive(source, rules, limit, gate, resolve));
}

function receive(
  { body, contentType, contentLength, bytesOnWire }: UploadSource,
  rules: FormRules,
  limit: number,
  gate: UploadGate,
  resolve: (result: FormResult) => void,
): void {
  const images = createImageBuffer();
  const texts = new Map<string, string>();
  let over = false;

  function settle(result: () => FormResult): void {
    if (over) return;
    over = true;
    reader.stop();
    resolve(result());
  }

  function refuse(code: ErrorCode): void {
    settle(() => {
      pass.release();
      images.take();
      return refused(code);
    });
  }

  function imageSink(): FileSink {
    const image = images.begin();
    return {
      write(bytes) {
        if (over) return;
        if (image.size === 0 && images.count === rules.maxImages) return refuse('too_many_images');
        if (image.size + bytes.length > rules.maxImageBytes) return refuse('upload_too_large');
        // Only what is larger than all the memory there is for uploads, or tells a wrong length, has reserved too little.
        if (images.size + bytes.length > pass.bytes) return refuse('upload_too_large');
        image.append(bytes);
        if (!image.seemsSupported()) refuse('unsupported_image_type');
      },
      end() {
        if (!over && !image.isSupported()) refuse('unsupported_image_type');
      },
    };
  }

  async function read(): Promise<void> {
    const parser = createFormParser(contentType, rules.maxImages, {
      file: (name) => (rules.imageFields.includes(name) ? imageSink() : undefined),
      text(name, value) {
        // As in FormData.get, the first of a name counts.
        if (!texts.has(name)) texts.set(name, value);
      },
      exceeded: () => refuse('upload_too_large'),
    });
    let received = 0;
    let reserved = false;
    for (let next = await reader.available(); next > 0 && !over; next = await reader.available()) {
      if (received + next > limit) return refuse('upload_too_large');
      if (bytesOnWire() > ENVELOPE_BYTES + MAX_WIRE_RATIO * (received + next)) {
        refuse('missing_fields');
        body.destroy();
        return;
      }
      if (received + next > FREE_BYTES && !reserved) {
        reserved = true;
        await pass.reserve(contentLength ?? limit);
        if (contentLength !== undefined) images.expect(pass.bytes);
      }
      received += next;
      pass.received(next);
      await parser.write(reader.read(next));
    }
    await parser.end();
  }

  // Whoever has left reads no answer, but the log should say that the upload did not arrive.
  const reader = createBodyReader(body, () => refuse('upload_too_slow'));
  const pass = gate.enter(refuse);
  read().then(
    () => {
      if (images.count < rules.minImages) return refuse('missing_fields');
      settle(() => {
        pass.complete();
        return { ok: true, form: formOf(images.take(), texts, pass.release) };
      });
    },
    () => refuse('missing_fields'),
  );
}

/** Apart from where the images are received, so that the functions of a form do not keep their bytes. */
function formOf(images: Uint8Array[], texts: ReadonlyMap<string, string>, release: () => void): UploadForm {
  return {
    images,
    text(name) {
      const value = texts.get(name);
      return value?.trim() ? value : undefined;
    },
    release,
  };
}

function refused(code: ErrorCode): FormResult {
  return { ok: false, code };
}
