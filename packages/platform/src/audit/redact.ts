import { everyFile } from './every-file.js';
import { linesOf, piecesOf, type RawLine } from './lines.js';
import { EMPLOYEE_START, employeeValue, type Seal } from './seal.js';

const BLANK = 0x20;

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
    for await (const line of linesOf(handle)) {
      if (!line.bytes.includes(needle)) continue;
      for (const piece of piecesIn(line)) {
        const blanks = piece.bytes.includes(needle) ? blanksFor(piece, seal) : undefined;
        if (!blanks) continue;
        if (count === 0) await beforeFirst();
        await handle.write(blanks.bytes, 0, blanks.bytes.length, blanks.position);
        count++;
      }
    }
  }
  return count;
}

type Piece = Omit<RawLine, 'number'>;

function piecesIn({ bytes, offset, isEnded }: RawLine): Piece[] {
  const pieces = piecesOf(bytes);
  let at = offset;
  return pieces.map((piece, index) => {
    const placed = { bytes: piece, offset: at, isEnded: isEnded || index < pieces.length - 1 };
    at += piece.length;
    return placed;
  });
}

function blanksFor(piece: Piece, seal: Seal): { bytes: Buffer; position: number } | undefined {
  const { bytes, offset, isEnded } = piece;
  const found = seal.inspect(bytes);
  if (found.kind === 'broken') return isEnded ? blanksForTorn(piece) : undefined;
  if (found.kind !== 'sound' || !found.line.employee) return undefined;
  const { length, fromEnd } = employeeValue(found.line);
  return { bytes: Buffer.from('""'.padEnd(length)), position: offset + bytes.length - fromEnd };
}

/** Nothing vouches for a line that was not written to its end, so whatever of an id and after it is there can go. */
function blanksForTorn({ bytes, offset }: Piece): { bytes: Buffer; position: number } | undefined {
  const at = bytes.lastIndexOf(EMPLOYEE_START);
  if (at < 0) return undefined;
  const rest = bytes.subarray(at + EMPLOYEE_START.length);
  const isBlank = rest.every((byte) => byte === BLANK);
  return isBlank
    ? undefined
    : { bytes: Buffer.alloc(rest.length, BLANK), position: offset + bytes.length - rest.length };
}
