import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AuditLine } from './audit-entry.js';
import { auditFiles } from './audit-files.js';
import { piecesOf, tailOf } from './lines.js';
import type { Seal } from './seal.js';

/** Where a log ends. */
export interface Tip {
  /** The last line that is sound. */
  readonly last?: AuditLine;
  /** Whether the log ends within a line. */
  readonly isTorn: boolean;
}

/** Other processes may rename the files while their names are read. */
const ATTEMPTS = 10;

export function tipOf(file: string, seal: Seal): Tip {
  for (let attempt = 1; ; attempt++) {
    const paths = auditFiles(file, readdirSync(dirname(file)));
    try {
      return tipOfFiles(paths, seal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === ATTEMPTS) throw error;
    }
  }
}

function tipOfFiles(paths: readonly string[], seal: Seal): Tip {
  let isTorn = false;
  for (const [age, path] of paths.toReversed().entries()) {
    const { lines, isWhole } = tailOf(path);
    if (age === 0) isTorn = !isWhole;
    for (const bytes of lines.flatMap((line) => piecesOf(line).reverse())) {
      const found = seal.inspect(bytes);
      if (found.kind === 'sound') return { last: found.line, isTorn };
    }
  }
  return { isTorn };
}
