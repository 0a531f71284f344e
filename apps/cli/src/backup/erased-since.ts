import { EMPLOYEES_PREFIX, employeePrefix, photoOfEmbedding } from '@rollcall/contracts';
import { type AuditErasures, ConfigError, readAuditErasures, verifyAudit } from '@rollcall/platform';
import type { SavedObject, Snapshot } from './snapshot.js';

/** Clocks of machines may disagree by this much. */
const CLOCKS_DISAGREE_MS = 60_000;

export type AuditLogPlace = Parameters<typeof readAuditErasures>[0];

/**
 * What these logs know of erasures since `since`.
 * @throws {ConfigError} when a log was written with another key, for then nobody would seem to be erased.
 */
export async function erasuresIn(places: readonly AuditLogPlace[], since: Date): Promise<AuditErasures[]> {
  const found: AuditErasures[] = [];
  for (const place of places) {
    if (!(await verifyAudit(place)).isKeyRight) {
      throw new ConfigError(`The key is not the one that the audit log ${place.file} was written with; see AUDIT_KEY.`);
    }
    found.push(await readAuditErasures(place, new Date(since.getTime() - CLOCKS_DISAGREE_MS)));
  }
  return found;
}

/** Whether the object's employee, or the photo, was erased after the snapshot was begun. */
export function isErasedSince(
  { started_at }: Snapshot,
  { key }: Pick<SavedObject, 'key'>,
  logs: readonly AuditErasures[],
) {
  if (!key.startsWith(EMPLOYEES_PREFIX)) return false;
  const [employeeId = ''] = key.slice(EMPLOYEES_PREFIX.length).split('/');
  const photo = photoOfEmbedding(employeePrefix(employeeId), key) ?? key;
  const begun = Date.parse(started_at) - CLOCKS_DISAGREE_MS;
  return logs.some(
    (log) => (log.employeeErasedAt(employeeId) ?? 0) >= begun || (log.photoErasedAt(photo) ?? 0) >= begun,
  );
}
