import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** Enough of a line for its `time`, which is among the first fields of all our logs. */
const HEAD_BYTES = 512;

/** When a log file of JSON lines begins, in milliseconds since the epoch; undefined when it is empty. */
export function timeOfFirstLine(file: string): number | undefined {
  const head = Buffer.alloc(HEAD_BYTES);
  const descriptor = openSync(file, 'r');
  try {
    const length = readSync(descriptor, head, 0, HEAD_BYTES, 0);
    const time = /"time":"([^"]+)"/.exec(head.toString('utf8', 0, length))?.[1];
    // A file that is not ours to understand is as old as its last change.
    return length === 0 ? undefined : time === undefined ? statSync(file).mtimeMs : Date.parse(time);
  } finally {
    closeSync(descriptor);
  }
}
