import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

const BLOCK_BYTES = 65_536;
const NEWLINE = 0x0a;

/** Every line starts with this, and nothing else in a line can contain it: quotes within strings are escaped. */
export const LINE_START = '{"chain":"';

export interface RawLine {
  /** Without the newline. */
  readonly bytes: Buffer;
  /** Of its first byte in the file. */
  readonly offset: number;
  /** From 1. */
  readonly number: number;
  /** Whether a newline follows. If not, it may still be being written. */
  readonly isEnded: boolean;
}

/** The lines of a file one after the other. One that is longer than any of ours comes in pieces. */
export async function* linesOf(file: FileHandle): AsyncGenerator<RawLine> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  let number = 1;
  for (;;) {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    const { bytesRead } = await file.read(block, 0, BLOCK_BYTES, offset + rest.length);
    if (bytesRead === 0) break;
    rest = Buffer.concat([rest, block.subarray(0, bytesRead)]);
    let start = 0;
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE, start)) {
      yield { bytes: rest.subarray(start, end), offset: offset + start, number: number++, isEnded: true };
      start = end + 1;
    }
    if (start === 0 && rest.length >= BLOCK_BYTES) {
      yield { bytes: rest, offset, number, isEnded: false };
      start = rest.length;
    }
    offset += start;
    rest = rest.subarray(start);
  }
  if (rest.length > 0) yield { bytes: rest, offset, number, isEnded: false };
}

/** The lines of a file from its end to its beginning. */
export async function* linesBackwards(file: FileHandle): AsyncGenerator<Buffer> {
  let { size: start } = await file.stat();
  let rest: Buffer = Buffer.alloc(0);
  while (start > 0) {
    const block = Buffer.alloc(Math.min(start, BLOCK_BYTES));
    start -= block.length;
    await file.read(block, 0, block.length, start);
    rest = Buffer.concat([block, rest]);
    for (let end = rest.lastIndexOf(NEWLINE); end !== -1; end = rest.lastIndexOf(NEWLINE)) {
      yield rest.subarray(end + 1);
      rest = rest.subarray(0, end);
    }
    if (rest.length >= BLOCK_BYTES) {
      yield rest;
      rest = rest.subarray(0, 0);
    }
  }
  yield rest;
}

/**
 * What a line holds: one line, unless a process died while it wrote. Then a torn line and the next process's whole one are
 * on one line.
 */
export function piecesOf(bytes: Buffer): Buffer[] {
  const starts = [0];
  for (let at = bytes.indexOf(LINE_START, 1); at !== -1; at = bytes.indexOf(LINE_START, at + 1)) starts.push(at);
  return starts.map((start, index) => bytes.subarray(start, starts[index + 1]));
}

/** The last lines of a file, last one first, and whether the file ends in a whole line. */
export function tailOf(path: string): { readonly lines: Buffer[]; readonly isWhole: boolean } {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const block = Buffer.alloc(Math.min(size, BLOCK_BYTES));
    const length = readSync(descriptor, block, 0, block.length, size - block.length);
    const lines = block.subarray(0, length).toString('latin1').split('\n').reverse();
    return {
      lines: lines.filter((line) => line !== '').map((line) => Buffer.from(line, 'latin1')),
      isWhole: lines[0] === '' || length === 0,
    };
  } finally {
    closeSync(descriptor);
  }
}
