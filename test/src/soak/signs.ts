import { statSync } from 'node:fs';
import { QUEUE_NAME } from '@rollcall/contracts';
import type { BlobStore, Config } from '@rollcall/platform';
import type { Redis } from 'ioredis';
import { type ProcessFigures, processTree } from '../support/processes.js';

/** What a running system holds at one moment. */
export interface VitalSigns {
  readonly processes: readonly ProcessFigures[];
  readonly redisBytes: number;
  /** Keys of single jobs. */
  readonly jobKeys: number;
  /** Idempotency keys, which are kept for a day by design. */
  readonly idempotencyKeys: number;
  /** Who was erased lately, kept as long as a job may wait. */
  readonly erasureMarks: number;
  readonly otherKeys: number;
  /** Entries in the queue's stream of events. */
  readonly events: number;
  readonly uploads: number;
  /** Everybody in the store. */
  readonly employeeObjects: number;
  readonly auditBytes: number;
  readonly errorLogBytes: number;
}

export interface Patient {
  readonly pid: number;
  readonly redis: Redis;
  readonly store: BlobStore;
  readonly config: Pick<Config, 'audit' | 'errorLogFile'>;
}

const KINDS = {
  jobKeys: new RegExp(`^bull:${QUEUE_NAME}:[0-9a-f]{8}-`),
  idempotencyKeys: /:idempotency:/,
  erasureMarks: /:erased:/,
};
const SCANNED_AT_ONCE = 1_000;

export async function takeSigns({ pid, redis, store, config }: Patient): Promise<VitalSigns> {
  const keys = new Set<string>();
  for await (const some of redis.scanStream({ count: SCANNED_AT_ONCE })) for (const key of some) keys.add(key);
  const count = (pattern: RegExp) => [...keys].filter((key) => pattern.test(key)).length;
  const [jobKeys, idempotencyKeys, erasureMarks] = [
    count(KINDS.jobKeys),
    count(KINDS.idempotencyKeys),
    count(KINDS.erasureMarks),
  ];
  const memory = await redis.info('memory');
  const objects = async (prefix: string) => (await store.list(prefix)).filter(({ size }) => size > 0).length;
  return {
    processes: processTree(pid),
    redisBytes: Number(/^used_memory:(\d+)/m.exec(memory)?.[1]),
    jobKeys,
    idempotencyKeys,
    erasureMarks,
    otherKeys: keys.size - jobKeys - idempotencyKeys - erasureMarks,
    events: await redis.xlen(`bull:${QUEUE_NAME}:events`),
    uploads: await objects('uploads/'),
    employeeObjects: await objects('employees/'),
    auditBytes: sizeOf(config.audit.file),
    errorLogBytes: sizeOf(config.errorLogFile),
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
