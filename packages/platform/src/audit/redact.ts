import { everyFile } from './every-file.js';
import { linesOf, type RawLine } from './lines.js';
import { employeeValue, type Seal } from './seal.js';

/**
 * Overwrites the clear id in every line of the log that stands for the employee, with as many bytes, so that lines may be
 * appended meanwhile.
 * @param beforeFirst is awaited before the first line is changed.
 * @returns how many lines had the id.
 */
export async function redactFiles(
  file: string,
  seal: Seal,
  employeeRef: string,
  beforeFirst: () => Promise<void>,
): Promise<number> {
  const needle = Buffer.from(`"employee_ref":"${employeeRef}"`);
  let count = 0;
  for await (const { handle } of everyFile(file, 'r+')) {
    for await (const raw of linesOf(handle)) {
      const blanks = raw.bytes.includes(needle) ? blanksFor(raw, seal) : undefined;
      if (!blanks) continue;
      if (count === 0) await beforeFirst();
      await handle.write(blanks.bytes, 0, blanks.bytes.length, blanks.position);
      count++;
    }
  }
  return count;
}

function blanksFor({ bytes, offset }: RawLine, seal: Seal): { bytes: Buffer; position: number } | undefined {
  const found = seal.inspect(bytes);
  if (found.kind !== 'sound' || !found.line.employee) return undefined;
  const { length, fromEnd } = employeeValue(found.line);
  return { bytes: Buffer.from('""'.padEnd(length)), position: offset + bytes.length - fromEnd };
}
