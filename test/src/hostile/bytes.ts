import { constants, deflateRawSync } from 'node:zlib';

export function bytes(...parts: readonly (number | string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === 'number' ? Buffer.of(part) : typeof part === 'string' ? Buffer.from(part, 'latin1') : part,
    ),
  );
}

export function u16(value: number): Buffer {
  const out = Buffer.alloc(2);
  out.writeUInt16BE(value);
  return out;
}

export function u16le(value: number): Buffer {
  return u16(value).reverse();
}

export function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
}

export function u32le(value: number): Buffer {
  return u32(value).reverse();
}

/** The same noise every time (xorshift32). */
export function noise(length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = 0x9e3779b9;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return Buffer.from(words.buffer, 0, length);
}

const ADLER_MODULUS = 65_521;
const STORED_BLOCK = 65_535;

/** A zlib stream that compresses nothing, so that it is the same whatever zlib is installed. */
export function storedZlib(data: Uint8Array): Buffer {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += STORED_BLOCK) {
    const block = data.subarray(at, at + STORED_BLOCK);
    const isLast = at + STORED_BLOCK >= data.length;
    blocks.push(bytes(isLast ? 1 : 0, u16le(block.length), u16le(~block.length & 0xffff), block));
  }
  let a = 1;
  let b = 0;
  for (const byte of data) {
    a = (a + byte) % ADLER_MODULUS;
    b = (b + a) % ADLER_MODULUS;
  }
  return bytes(0x78, 0x01, ...blocks, u16(b), u16(a));
}

/** A zlib stream of `length` zeros, a thousandth as long, made without holding the zeros. */
export function zlibBomb(length: number): Buffer {
  const piece = 1_048_576;
  const flushed = deflateRawSync(Buffer.alloc(piece), { finishFlush: constants.Z_FULL_FLUSH });
  const pieces = Array.from({ length: Math.floor(length / piece) }, () => flushed);
  return bytes(
    0x78,
    0x9c,
    ...pieces,
    deflateRawSync(Buffer.alloc(length % piece)),
    u16(length % ADLER_MODULUS),
    u16(1),
  );
}
