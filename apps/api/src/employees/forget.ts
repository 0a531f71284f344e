import { setTimeout as sleep } from 'node:timers/promises';
import type { Announcements, AuditLog, Lockouts } from '@rollcall/platform';

export interface ForgetOptions {
  readonly audit: Pick<AuditLog, 'redact'>;
  readonly lockouts: Pick<Lockouts, 'forget'>;
  /** Tells the other APIs. */
  readonly notices: Announcements;
  readonly onError: (error: unknown) => void;
}

/** Removal of an erased employee's id from everything but the store and the queue. */
export interface Forget {
  /** Here, in Redis, and in the audit logs of every API that is running. */
  everywhere(employeeId: string): Promise<void>;
  /** Another API, or this one, has erased the employee. */
  heard(employeeId: string): void;
}

/** A decision that was made just before the erasure may still be noted for this long. */
const SETTLED_MS = 2_000;

export function createForget({ audit, lockouts, notices, onError }: ForgetOptions): Forget {
  return {
    async everywhere(employeeId) {
      await Promise.all([lockouts.forget(employeeId), audit.redact(employeeId), notices.announce(employeeId)]);
    },
    heard(employeeId) {
      sleep(SETTLED_MS, undefined, { ref: false })
        .then(() => audit.redact(employeeId))
        .catch(onError);
    },
  };
}
