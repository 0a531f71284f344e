import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { z } from 'zod';

/** A caller's promise that requests with one key are one request. */
export interface IdempotencyKey {
  /** Whose key it is: another caller's is another key. */
  readonly owner: string;
  readonly key: string;
}

const recordSchema = z.object({
  jobId: z.uuid(),
  /** Of the request: another request under the same key is a mistake. */
  fingerprint: z.string(),
  /** Whether the job is known to have been recorded. */
  recorded: z.boolean(),
});
export type IdempotencyRecord = z.infer<typeof recordSchema>;

/** Which job a key stands for. Methods reject while Redis is away. */
export interface IdempotencyKeys {
  /** The record of the key, which is made of the given values when there is none. */
  claim(key: IdempotencyKey, proposal: Pick<IdempotencyRecord, 'jobId' | 'fingerprint'>): Promise<IdempotencyRecord>;
  /** Notes that the job is recorded, so that nobody needs to bring its photos again. */
  recorded(key: IdempotencyKey, record: IdempotencyRecord): Promise<void>;
}

const KEPT_SECONDS = 86_400;
const KEY_PREFIX = '{rollcall}:idempotency:';

export function createIdempotencyKeys(redis: Redis): IdempotencyKeys {
  return {
    async claim(key, proposal) {
      const own: IdempotencyRecord = { ...proposal, recorded: false };
      const existing = await redis.set(nameOf(key), JSON.stringify(own), 'EX', KEPT_SECONDS, 'NX', 'GET');
      return existing === null ? own : recordSchema.parse(JSON.parse(existing));
    },
    async recorded(key, record) {
      await redis.set(nameOf(key), JSON.stringify({ ...record, recorded: true }), 'KEEPTTL', 'XX');
    },
  };
}

/** Of what a request orders and of its photos. */
export function fingerprintOf(order: object, images: readonly Uint8Array[]): string {
  const hash = createHash('sha256').update(JSON.stringify(order));
  for (const image of images) hash.update(`|${image.length}|`).update(image);
  return hash.digest('hex');
}

/** A key can be anything its caller likes, also something personal. */
function nameOf({ owner, key }: IdempotencyKey): string {
  return KEY_PREFIX + createHash('sha256').update(`${owner}\0${key}`).digest('hex');
}
