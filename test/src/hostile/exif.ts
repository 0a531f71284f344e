import { bytes, u16le, u32le } from './bytes.js';
import { MARKER, segment } from './jpeg.js';

interface Tag {
  readonly id: number;
  /** 2 text, 3 short, 4 long. */
  readonly type: 2 | 3 | 4;
  readonly count: number;
  /** The value, or where it lies. */
  readonly value: number;
}

export function short(id: number, value: number): Tag {
  return { id, type: 3, count: 1, value };
}

export function long(id: number, value: number): Tag {
  return { id, type: 4, count: 1, value };
}

const FIRST_DIRECTORY = 8;

/** TIFF bytes of directories one after the other; `lastNext` is where the last one says that a next one lies. */
export function tiff(directories: readonly (readonly Tag[])[], lastNext = 0): Buffer {
  let end = FIRST_DIRECTORY;
  const parts = directories.map((tags, index) => {
    end += 2 + 12 * tags.length + 4;
    const next = index === directories.length - 1 ? lastNext : end;
    const entries = tags.map(({ id, type, count, value }) => bytes(u16le(id), u16le(type), u32le(count), u32le(value)));
    return bytes(u16le(tags.length), ...entries, u32le(next));
  });
  return bytes('II', u16le(42), u32le(FIRST_DIRECTORY), ...parts);
}

export function exif(directories: readonly (readonly Tag[])[], lastNext = 0): Buffer {
  return segment(MARKER.app1, bytes('Exif\0\0', tiff(directories, lastNext)));
}

export const ORIENTATION = 0x0112;

export function orientation(value: number): Buffer {
  return exif([[short(ORIENTATION, value)]]);
}

/** A second directory, which describes the thumbnail, that points far out of the file. */
export function thumbnailOutside(): Buffer {
  return exif([[short(ORIENTATION, 1)], [long(0x0201, 0xffff_fff0), long(0x0202, 0x7fff_ffff)]]);
}

/** Unknown tags, each with a text of 16 MiB that is said to lie at the end of memory. */
export function thousandTags(): Buffer {
  const tags = Array.from(
    { length: 1000 },
    (_, index): Tag => ({
      id: 0xc000 + index,
      type: 2,
      count: 16_777_216,
      value: 0xff00_0000,
    }),
  );
  return exif([tags]);
}

/** The directory names itself as the next one. */
export function endlessDirectories(): Buffer {
  return exif([[short(ORIENTATION, 1)]], FIRST_DIRECTORY);
}
