import { crc32 } from 'node:zlib';
import { bytes, storedZlib, u16, u32 } from './bytes.js';

export const PNG_MAGIC = bytes(0x89, 'PNG\r\n', 0x1a, '\n');

/** Colour types of the PNG specification, section 11.2.1. */
export const COLOUR = { grey: 0, rgb: 2, palette: 3, rgba: 6 } as const;

interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: 1 | 8 | 16;
  readonly colour: (typeof COLOUR)[keyof typeof COLOUR];
  readonly interlaced?: boolean;
}

export function chunk(type: string, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const body = bytes(type, data);
  return bytes(u32(data.length), body, u32(crc32(body)));
}

export function header({ width, height, depth, colour, interlaced = false }: PngHeader): Buffer {
  return chunk('IHDR', bytes(u32(width), u32(height), depth, colour, 0, 0, interlaced ? 1 : 0));
}

export const END = chunk('IEND');

/** What the pixels come to before compression, one filter byte per row included. */
export function pixelBytes({ width, height, depth, colour, interlaced = false }: PngHeader): number {
  const channels = { 0: 1, 2: 3, 3: 1, 6: 4 }[colour];
  const ofRows = (columns: number, rows: number) =>
    columns > 0 && rows > 0 ? rows * (1 + Math.ceil((columns * channels * depth) / 8)) : 0;
  if (!interlaced) return ofRows(width, height);
  return ADAM7.reduce(
    (sum, [x, y, dx, dy]) => sum + ofRows(Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)),
    0,
  );
}

/** First column and row of each pass, and the steps to the next: PNG specification, section 8.2. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Black pixels, or whatever `compress` makes of their number; `before` goes between header and pixels. */
export function png(
  head: PngHeader,
  compress: (length: number) => Uint8Array = (length) => storedZlib(Buffer.alloc(length)),
  before: Uint8Array = Buffer.alloc(0),
): Buffer {
  return bytes(PNG_MAGIC, header(head), before, chunk('IDAT', compress(pixelBytes(head))), END);
}

/** Two frames after the still image, as Mozilla's APNG specification has them. */
export function apng(head: PngHeader): Buffer {
  const pixels = storedZlib(Buffer.alloc(pixelBytes(head)));
  const control = (sequence: number) =>
    chunk('fcTL', bytes(u32(sequence), u32(head.width), u32(head.height), u32(0), u32(0), u16(1), u16(10), 0, 0));
  return bytes(
    PNG_MAGIC,
    header(head),
    chunk('acTL', bytes(u32(2), u32(0))),
    control(0),
    chunk('IDAT', pixels),
    control(1),
    chunk('fdAT', bytes(u32(2), pixels)),
    END,
  );
}
