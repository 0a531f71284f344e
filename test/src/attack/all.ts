import { ACCESS } from './access.js';
import type { Attack } from './attack.js';
import { IDS } from './ids.js';
import { LEAKS_ATTACKS } from './leaks.js';
import { LIMITS } from './limits.js';
import { SLOW_UPLOADS, UPLOADS } from './uploads.js';
import { WEB } from './web.js';
import { SLOW_WIRE, WIRE } from './wire.js';

/** Every attack of docs/security.md that can be made over HTTP. */
export const ATTACKS: Readonly<Record<'quick' | 'waiting', readonly Attack[]>> = {
  quick: [...ACCESS, ...IDS, ...UPLOADS, ...WEB, ...WIRE, ...LEAKS_ATTACKS, ...LIMITS],
  waiting: [...SLOW_UPLOADS, ...SLOW_WIRE],
};
