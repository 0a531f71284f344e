import type { Command } from '../command.js';
import { AUDIT } from './audit.js';
import { BACKUP } from './backup.js';
import { BENCH } from './bench.js';
import { CALIBRATE } from './calibrate.js';
import { DOCTOR } from './doctor.js';
import { IMPORT } from './import.js';
import { REINDEX } from './reindex.js';
import { RESTORE } from './restore.js';
import { ROTATE_KEYS } from './rotate-keys.js';
import { START } from './start.js';
import { TOKEN } from './token.js';
import { VERSION } from './version.js';

/** In the order of the help. */
export const COMMANDS: readonly Command[] = [
  START,
  IMPORT,
  REINDEX,
  TOKEN,
  AUDIT,
  ROTATE_KEYS,
  BACKUP,
  RESTORE,
  CALIBRATE,
  DOCTOR,
  BENCH,
  VERSION,
];
