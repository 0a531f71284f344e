import { crc32 } from 'node:zlib';
import { bytes, u16le, u32, u32le } from './bytes.js';

/** A picture of one pixel. */
export const GIF = bytes(
  'GIF89a',
  u16le(1),
  u16le(1),
  0,
  0,
  0,
  0x2c,
  u32le(0),
  u16le(1),
  u16le(1),
  0,
  2,
  2,
  0x44,
  1,
  0,
  0x3b,
);

export const BMP = bytes(
  'BM',
  u32le(58),
  u32le(0),
  u32le(54),
  ...[40, 1, 1].map(u32le),
  u16le(1),
  u16le(24),
  Buffer.alloc(24),
  Buffer.alloc(4),
);

export const SVG = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><image href="file:///etc/passwd"/></svg>',
);

export const PDF = Buffer.from('%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n');

export const HTML = Buffer.from('<!doctype html><script>alert(document.domain)</script>');

export const PHP = Buffer.from("<?php system($_GET['c']); ?>");

/** First box of a file of the ISO base media family. */
export function mediaFile(brand: string): Buffer {
  return bytes(u32(24), 'ftyp', brand, u32(0), 'mif1', brand, u32(8), 'mdat');
}

/** An archive with one stored file, which readers find from its end. */
export function zip(name: string, content: Uint8Array): Buffer {
  const sizes = bytes(u32le(crc32(content)), u32le(content.length), u32le(content.length));
  const shared = bytes(u16le(0), u16le(0), u32le(0), sizes, u16le(name.length), u16le(0));
  const local = bytes('PK', 3, 4, u16le(20), shared, name, content);
  const central = bytes('PK', 1, 2, u16le(20), u16le(20), shared, Buffer.alloc(14), name);
  const end = bytes('PK', 5, 6, u32le(0), u16le(1), u16le(1), u32le(central.length), u32le(local.length), u16le(0));
  return bytes(local, central, end);
}
