import { bytes, u16le, u32le } from './bytes.js';

/** A RIFF chunk, padded to an even length. */
function chunk(type: string, data: Uint8Array): Buffer {
  return bytes(type, u32le(data.length), data, Buffer.alloc(data.length % 2));
}

export function riff(...chunks: readonly Uint8Array[]): Buffer {
  const body = bytes('WEBP', ...chunks);
  return bytes('RIFF', u32le(body.length), body);
}

/**
 * One colour without loss: every prefix code has a single symbol, so that a pixel takes no bits at all and each size,
 * up to 16,384 × 16,384, comes to the same few bytes.
 */
export function losslessChunk(width: number, height: number): Buffer {
  const bits: [value: number, count: number][] = [
    [width - 1, 14],
    [height - 1, 14],
    // No alpha, version 0; no transform, no colour cache, one group of codes.
    [0, 4],
    [0, 3],
    // Green, red, blue, alpha, distance: a simple code, one symbol, of one bit, which is 0.
    ...Array.from({ length: 5 }, (): [number, number] => [0b0001, 4]),
  ];
  const stream = bits.map(([value, count]) => value.toString(2).padStart(count, '0').split('').reverse().join(''));
  const whole = stream.join('').match(/.{1,8}/g) ?? [];
  return chunk('VP8L', bytes(0x2f, ...whole.map((byte) => reversed(byte.padEnd(8, '0')))));
}

export function losslessWebp(width: number, height: number): Buffer {
  return riff(losslessChunk(width, height));
}

export interface Canvas {
  readonly width: number;
  readonly height: number;
}

const ANIMATED = 0x02;

/** The header of an extended file, which says how large the canvas is. */
export function extendedHeader({ width, height }: Canvas, flags = 0): Buffer {
  return chunk('VP8X', bytes(u32le(flags), u24le(width - 1), u24le(height - 1)));
}

export function animatedWebp(canvas: Canvas, frames: number): Buffer {
  const frame = chunk(
    'ANMF',
    bytes(
      u24le(0),
      u24le(0),
      u24le(canvas.width - 1),
      u24le(canvas.height - 1),
      u24le(100),
      0,
      losslessChunk(canvas.width, canvas.height),
    ),
  );
  const animation = chunk('ANIM', bytes(u32le(0), u16le(0)));
  return riff(extendedHeader(canvas, ANIMATED), animation, ...Array.from({ length: frames }, () => frame));
}

function u24le(value: number): Buffer {
  return u32le(value).subarray(0, 3);
}

/** Bits in the order of the stream → the byte that holds them, the first one lowest. */
function reversed(bits: string): number {
  return Number.parseInt(bits.split('').reverse().join(''), 2);
}
