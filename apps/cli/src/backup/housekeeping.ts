import type { AuditErasures } from '@rollcall/platform';
import type { Archive } from './archive.js';
import { isErasedSince } from './erased-since.js';

const DAY_MS = 86_400_000;

export interface HousekeepingOptions {
  readonly archive: Archive;
  /** The snapshot that was just made. It stays whole. */
  readonly newest: string;
  readonly keepDays: number;
  readonly erasures: readonly AuditErasures[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Housekeeping {
  /** Snapshots that were too old. */
  readonly removed: number;
  /** Objects of erased people and erased photos, taken out of the snapshots that stay. */
  readonly erased: number;
  /** Contents that no snapshot needed any more. */
  readonly pruned: number;
}

/** Removes what must not be kept: old snapshots, who was erased since, and queues of the past. */
export async function keepHouse(options: HousekeepingOptions): Promise<Housekeeping> {
  const { archive, newest, keepDays, erasures, now } = options;
  let [removed, erased] = [0, 0];
  for (const name of await archive.snapshots()) {
    if (name === newest) continue;
    const snapshot = await archive.open(name);
    if (Date.parse(snapshot.started_at) < now - keepDays * DAY_MS) {
      await archive.remove(name);
      removed++;
      continue;
    }
    const objects = snapshot.objects.filter((object) => !isErasedSince(snapshot, object, erasures));
    if (objects.length === snapshot.objects.length && snapshot.redis === null) continue;
    erased += snapshot.objects.length - objects.length;
    await archive.save({ ...snapshot, objects, redis: null }, name);
  }
  return { removed, erased, pruned: await archive.prune() };
}
