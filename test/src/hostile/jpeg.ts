import { bytes, u16 } from './bytes.js';

export const SOI = bytes(0xff, 0xd8);
export const EOI = bytes(0xff, 0xd9);

/** Markers of JPEG (ITU-T T.81, table B.1). */
export const MARKER = {
  baseline: 0xc0,
  progressive: 0xc2,
  lossless: 0xc3,
  arithmetic: 0xc9,
  restartInterval: 0xdd,
  app1: 0xe1,
  app2: 0xe2,
  comment: 0xfe,
} as const;

export function segment(marker: number, data: Uint8Array): Buffer {
  return bytes(0xff, marker, u16(data.length + 2), data);
}

/** The photo with segments of metadata in front of its own. */
export function withSegments(photo: Uint8Array, ...segments: readonly Uint8Array[]): Buffer {
  return bytes(SOI, ...segments, photo.subarray(SOI.length));
}

/** Header of a frame whose components all have the same size. */
export function frame(marker: number, width: number, height: number, { components = 1, precision = 8 } = {}): Buffer {
  const each = Array.from({ length: components }, (_, index) => bytes(index + 1, 0x11, 0));
  return segment(marker, bytes(precision, u16(height), u16(width), components, ...each));
}

/**
 * Tables with the least code: of DC the code `0` is "no change", of AC `0` ends a block and `10` ends a run of at least
 * 2¹⁴ blocks, whose further 14 bits follow.
 */
const TABLES = bytes(
  segment(0xdb, bytes(0, Buffer.alloc(64, 1))),
  segment(0xc4, bytes(0x00, 1, Buffer.alloc(15), 0x00)),
  segment(0xc4, bytes(0x10, 1, 1, Buffer.alloc(14), 0x00, 0xe0)),
);
const LONGEST_RUN = 32_767;
const SHORTEST_RUN = 16_384;

/** Header of a scan over the only component. */
function scan(from: number, to: number): Buffer {
  return segment(0xda, bytes(1, 1, 0x00, from, to, 0));
}

function blocksOf(width: number, height: number): number {
  return Math.ceil(width / 8) * Math.ceil(height / 8);
}

/** A grey picture of one colour. */
export function greyJpeg(width: number, height: number): Buffer {
  const pixels = Buffer.alloc(Math.ceil((2 * blocksOf(width, height)) / 8));
  return bytes(SOI, TABLES, frame(MARKER.baseline, width, height), scan(0, 63), pixels, EOI);
}

/** The same, with a restart marker after every single block. */
export function restartingJpeg(width: number, height: number): Buffer {
  const blocks = blocksOf(width, height);
  const pixels = Buffer.alloc(3 * blocks);
  for (let block = 0; block < blocks; block++) pixels.set([0x3f, 0xff, 0xd0 + (block % 8)], 3 * block);
  return bytes(
    SOI,
    TABLES,
    frame(MARKER.baseline, width, height),
    segment(MARKER.restartInterval, u16(1)),
    scan(0, 63),
    // Not after the last one.
    pixels.subarray(0, -2),
    EOI,
  );
}

/** The same, refined by `scans` further scans that say nothing in a few bytes, yet each visits every block. */
export function progressiveJpeg(width: number, height: number, scans: number): Buffer {
  const blocks = blocksOf(width, height);
  let runs = '';
  for (let left = blocks; left > 0; left -= LONGEST_RUN) {
    const run = Math.max(SHORTEST_RUN, Math.min(left, LONGEST_RUN));
    runs += `10${(run - SHORTEST_RUN).toString(2).padStart(14, '0')}`;
  }
  const empty = bytes(scan(1, 63), packed(runs));
  return bytes(
    SOI,
    TABLES,
    frame(MARKER.progressive, width, height),
    scan(0, 0),
    Buffer.alloc(Math.ceil(blocks / 8)),
    ...Array.from({ length: scans }, () => empty),
    EOI,
  );
}

/** Bits → entropy-coded bytes, stuffed. */
function packed(bits: string): Buffer {
  const whole = bits.match(/.{1,8}/g) ?? [];
  return bytes(
    ...whole.flatMap((byte) => (byte === '11111111' ? [0xff, 0] : [Number.parseInt(byte.padEnd(8, '1'), 2)])),
  );
}

/** A colour profile in as many segments as it needs. */
export function profileSegments(profile: Uint8Array): Buffer[] {
  const size = 65_000;
  const count = Math.ceil(profile.length / size);
  return Array.from({ length: count }, (_, index) =>
    segment(MARKER.app2, bytes('ICC_PROFILE\0', index + 1, count, profile.subarray(index * size, (index + 1) * size))),
  );
}
