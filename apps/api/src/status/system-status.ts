import type { ReadinessReply, StatusReply } from '@rollcall/contracts';
import { VERSION } from '@rollcall/platform';
import type { Admission } from '../jobs/admission.js';
import type { BullQueue } from '../jobs/bullmq-queue.js';
import { rememberFor } from '../remember.js';

export interface SystemStatusOptions {
  readonly queue: Pick<BullQueue, 'readState' | 'listWorkers'>;
  readonly admission: Pick<Admission, 'estimate' | 'perSecond'>;
  readonly readiness: () => Promise<ReadinessReply>;
  readonly matchDistanceThreshold: number;
  readonly maxWaitingJobs: number;
}

/** State of queue, workers, Redis and store, a second old at most. Never rejects. */
export type SystemStatus = () => Promise<StatusReply>;

const MAX_AGE_MS = 1_000;

export function createSystemStatus(options: SystemStatusOptions): SystemStatus {
  const { queue, admission, readiness, matchDistanceThreshold, maxWaitingJobs } = options;

  async function readQueue(): Promise<StatusReply['queue']> {
    const { oldestWaitingSeconds, ...counts } = await queue.readState();
    const perSecond = admission.perSecond();
    const wait = counts.waiting === 0 ? 0 : admission.estimate(counts.waiting, false);
    return {
      ...counts,
      oldest_waiting_seconds: oldestWaitingSeconds ?? null,
      jobs_per_second: perSecond === undefined ? null : rounded(perSecond),
      estimated_wait_seconds: wait === undefined ? null : rounded(wait),
      max_waiting: maxWaitingJobs,
    };
  }

  return rememberFor(MAX_AGE_MS, async () => {
    const [{ checks }, state, workers] = await Promise.all([
      readiness(),
      readQueue().catch(() => null),
      queue.listWorkers().catch(() => []),
    ]);
    return {
      version: VERSION,
      uptime_seconds: Math.round(process.uptime()),
      match_distance_threshold: matchDistanceThreshold,
      queue: state,
      workers: workers.map(({ name, connectedSeconds }) => ({ name, connected_seconds: connectedSeconds })),
      redis: checks.redis,
      store: checks.store,
    };
  });
}

/** To the millisecond, or the thousandth of a job. */
function rounded(value: number): number {
  return Number(value.toFixed(3));
}
