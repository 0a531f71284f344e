import { Busboy } from '@fastify/busboy';

/** Takes the bytes of one file of a form. */
export interface FileSink {
  write(bytes: Buffer): void;
  end(): void;
}

export interface FormListener {
  /** A part with a file name begins; undefined lets its bytes go. */
  file(name: string): FileSink | undefined;
  /** A part without a file name, whole. */
  text(name: string, value: string): void;
  /** The form has more parts, or longer texts, than any form that this server knows. */
  exceeded(): void;
}

export interface FormParser {
  /** Resolves when the bytes have been dealt with. Rejects when this is no form. */
  write(bytes: Buffer): Promise<void>;
  /** Resolves when the form is whole and everything has been told. Rejects when it is cut short. */
  end(): Promise<void>;
}

/** Headers of one part that are looked at; the rest of them is ignored. */
const HEADER_LIMITS = { headerPairs: 16, headerSize: 8192 };
const TEXT_LIMITS = { fields: 32, fieldSize: 4096 };
const MAX_NAME_LENGTH = 100;

/** Parses multipart/form-data. @throws {Error} when the content type has no usable boundary. */
export function createFormParser(contentType: string, maxFiles: number, listener: FormListener): FormParser {
  const limits = { ...HEADER_LIMITS, ...TEXT_LIMITS, parts: TEXT_LIMITS.fields + maxFiles };
  const busboy = new Busboy({
    headers: { 'content-type': contentType },
    limits,
    // A part without headers has no reader, and would hold up the rest once it has filled its buffer. The body is bounded.
    fileHwm: Number.MAX_SAFE_INTEGER,
    isPartAFile: (_name, _type, fileName) => fileName !== undefined,
  });
  let broken = false;
  const done = new Promise<void>((resolve, reject) => {
    busboy.on('finish', resolve);
    busboy.on('error', (error) => {
      broken = true;
      reject(error);
    });
  });
  done.catch(() => undefined);

  // Busboy hands over undefined where a part has no name, whatever its types say.
  busboy.on('file', (name: string | undefined, file) => {
    file.on('error', () => undefined);
    const sink = name === undefined ? undefined : listener.file(name);
    if (!sink) {
      file.resume();
      return;
    }
    file.on('data', (bytes: Buffer) => sink.write(bytes));
    // A file that is cut short ends as well.
    file.on('end', () => broken || sink.end());
  });
  busboy.on('field', (name: string | undefined, value, _nameTruncated, valueTruncated) => {
    if (valueTruncated) listener.exceeded();
    else if (name !== undefined && name.length <= MAX_NAME_LENGTH) listener.text(name, value);
  });
  busboy.on('partsLimit', () => listener.exceeded());
  busboy.on('fieldsLimit', () => listener.exceeded());

  return {
    write: (bytes) => Promise.race([done, new Promise<void>((resolve) => void busboy.write(bytes, () => resolve()))]),
    end() {
      busboy.end();
      return done;
    },
  };
}
