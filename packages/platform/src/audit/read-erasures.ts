import { asEmployee } from './audit-entry.js';
import { type AuditKeyOptions, readAuditKey } from './audit-key.js';
import { readAudit } from './read-audit.js';
import { createSeal } from './seal.js';

/** Who and what a log says was taken away, as times in milliseconds since the epoch. */
export interface AuditErasures {
  /** When the employee was erased last; undefined: not since. */
  employeeErasedAt(employeeId: string): number | undefined;
  /** When the reference photo was erased last, by its key. */
  photoErasedAt(key: string): number | undefined;
  /** Ids of access tokens that were revoked. */
  readonly revokedTokens: ReadonlySet<string>;
  /** When the log was written last; undefined when it has no line since. */
  readonly knownUntil: number | undefined;
}

/**
 * Reads from a log whom it has seen erased from `since` on. Its lines do not name them: their keyed hashes are compared.
 * @throws {ConfigError} when there is no log, or not its key.
 */
export async function readAuditErasures(options: AuditKeyOptions, since: Date): Promise<AuditErasures> {
  const seal = createSeal(readAuditKey(options));
  const employees = new Map<string, number>();
  const photos = new Map<string, number>();
  const revokedTokens = new Set<string>();
  let knownUntil: number | undefined;
  for await (const { time, action, employee_ref, photo_ref, token } of readAudit(options, { since })) {
    const at = Date.parse(time);
    knownUntil = Math.max(knownUntil ?? at, at);
    // Whatever its outcome: an erasure that failed is one that somebody wants. `redacted` stands in the logs of the APIs that only heard of the erasure.
    if ((action === 'erase' || action === 'redacted') && employee_ref) remember(employees, employee_ref, at);
    if (action === 'erase_photo' && photo_ref) remember(photos, photo_ref, at);
    if (action === 'token_revoke' && token) revokedTokens.add(token);
  }
  return {
    employeeErasedAt: (id) => employees.get(seal.refOf(asEmployee(id) ?? '')),
    photoErasedAt: (key) => photos.get(seal.refOfPhoto(key)),
    revokedTokens,
    knownUntil,
  };
}

function remember(times: Map<string, number>, ref: string, at: number): void {
  times.set(ref, Math.max(times.get(ref) ?? at, at));
}
