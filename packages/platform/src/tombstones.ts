import { dialectSchema, type JobRef, jobOriginSchema } from '@rollcall/contracts';
import type { Redis } from 'ioredis';
import { z } from 'zod';

const tombstoneSchema = z.object({
  end: z.enum(['cancelled', 'expired']),
  id: z.uuid(),
  requestId: z.string(),
  dialect: dialectSchema,
  origin: jobOriginSchema,
});

/** How a job ended that the queue does not have any more, and whose it was. Tells nobody's name. */
export interface Tombstone {
  readonly end: 'cancelled' | 'expired';
  readonly job: JobRef;
}

const KEY_PREFIX = '{rollcall}:tombstone:';

export function tombstoneKey(jobId: string): string {
  return KEY_PREFIX + jobId;
}

export function encodeTombstone(end: Tombstone['end'], { id, requestId, dialect, origin }: JobRef): string {
  return JSON.stringify({ end, id, requestId, dialect, origin } satisfies z.infer<typeof tombstoneSchema>);
}

/** The tombstones of those of the jobs that have one. */
export async function readTombstones(redis: Redis, ids: readonly string[]): Promise<ReadonlyMap<string, Tombstone>> {
  if (ids.length === 0) return new Map();
  const found = new Map<string, Tombstone>();
  for (const text of await redis.mget(...ids.map(tombstoneKey))) {
    const parsed = tombstoneSchema.safeParse(text === null ? undefined : JSON.parse(text));
    if (!parsed.success) continue;
    const { end, ...job } = parsed.data;
    found.set(job.id, { end, job });
  }
  return found;
}
