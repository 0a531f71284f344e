import type { AuditLog } from '@rollcall/platform';
import { type ApiMiddleware, traceOf } from './context.js';

/** Refusals noted one by one in a minute. Whoever has no token must not be able to fill the disk. */
const MAX_PER_MINUTE = 60;
const MINUTE_MS = 60_000;

/** Notes who was refused access (401 and 403); beyond {@link MAX_PER_MINUTE} only how many more there were. */
export function auditRefusals(audit: Pick<AuditLog, 'record'>): ApiMiddleware {
  let noted = 0;
  let more = 0;
  let minute = 0;
  return async (c, next) => {
    await next();
    if (c.res.status !== 401 && c.res.status !== 403) return;
    const now = Math.floor(Date.now() / MINUTE_MS);
    if (now !== minute) {
      if (more > 0) await audit.record({ action: 'access', outcome: 'refused', detail: { more } });
      [minute, noted, more] = [now, 0, 0];
    }
    if (++noted > MAX_PER_MINUTE) {
      more++;
      return;
    }
    await audit.record({ ...traceOf(c), action: 'access', outcome: `${c.get('log').outcome ?? c.res.status}` });
  };
}
