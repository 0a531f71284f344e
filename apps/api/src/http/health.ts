import type { ReadinessReply } from '@rollcall/contracts';
import { rememberFor } from '../remember.js';

export interface ReadinessChecks {
  redis(): Promise<string>;
  store(): Promise<string>;
  workers(): Promise<string>;
}

const CHECK_TIMEOUT_MS = 3_000;

/** An answer is this old at most, so that asking often costs Redis and the store nothing. */
const MAX_AGE_MS = 1_000;

/**
 * Whether a verification sent now could be answered. Each check resolves with what it saw or rejects with what to mend;
 * one that hangs counts as failed.
 */
export function createReadiness(checks: ReadinessChecks): () => Promise<ReadinessReply> {
  return rememberFor(MAX_AGE_MS, () => runAll(checks));
}

/** What those may know who may not know what Rollcall runs on. */
export function withoutDetails({ status, checks }: ReadinessReply): ReadinessReply {
  const { redis, store, workers } = checks;
  const bare = ({ ok }: { ok: boolean }) => ({ ok, detail: '' });
  return { status, checks: { redis: bare(redis), store: bare(store), workers: bare(workers) } };
}

async function runAll(checks: ReadinessChecks): Promise<ReadinessReply> {
  const entries = await Promise.all(
    (['redis', 'store', 'workers'] as const).map(async (name) => [name, await run(checks[name])] as const),
  );
  const ready = entries.every(([, { ok }]) => ok);
  return { status: ready ? 'ready' : 'not_ready', checks: Object.fromEntries(entries) as ReadinessReply['checks'] };
}

async function run(check: () => Promise<string>): Promise<{ ok: boolean; detail: string }> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), CHECK_TIMEOUT_MS);
  });
  try {
    return { ok: true, detail: await Promise.race([check(), timeout]) };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : 'failed' };
  } finally {
    clearTimeout(timer);
  }
}
