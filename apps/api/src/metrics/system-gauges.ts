import type { ReadinessReply } from '@rollcall/contracts';
import { Gauge, type Registry } from 'prom-client';
import type { SystemStatus } from '../status/system-status.js';

export interface SystemGaugesOptions {
  readonly status: SystemStatus;
  readonly readiness: () => Promise<ReadinessReply>;
}

/**
 * What every API tells alike of the system as a whole, read when somebody asks. What is not known (Redis is away, the rate has
 * not been seen yet) is left out, for an old value or a zero would be taken for one that is true.
 */
export function registerSystemGauges(registry: Registry, { status, readiness }: SystemGaugesOptions): void {
  const registers = [registry];

  /** A gauge with one value, or none. */
  function single(name: string, help: string, read: () => Promise<number | null | undefined>): void {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const value = await read();
        if (value === null || value === undefined) this.remove();
        else this.set(value);
      },
    });
  }

  new Gauge({
    name: 'rollcall_queue_jobs',
    help: 'Jobs in the queue: waiting (somebody waits), background, active (a worker has it), delayed (tried again later).',
    labelNames: ['state'],
    registers,
    async collect() {
      this.reset();
      const { queue } = await status();
      if (!queue) return;
      for (const state of ['waiting', 'background', 'active', 'delayed'] as const) this.set({ state }, queue[state]);
    },
  });
  single(
    'rollcall_queue_oldest_waiting_seconds',
    'Age of the oldest job that no worker has begun; 0 when there is none.',
    async () => {
      const { queue } = await status();
      return queue && (queue.oldest_waiting_seconds ?? 0);
    },
  );
  single(
    'rollcall_estimated_wait_seconds',
    'Until a verification that comes now would begin; missing while that cannot be told.',
    async () => (await status()).queue?.estimated_wait_seconds,
  );
  single(
    'rollcall_queue_jobs_per_second',
    'How fast jobs end when there are enough of them; missing until that has been seen.',
    async () => (await status()).queue?.jobs_per_second,
  );
  single('rollcall_queue_max_jobs', 'Waiting jobs above which nothing more is accepted.', async () => {
    return (await status()).queue?.max_waiting;
  });
  single('rollcall_workers', 'Inference processes that are connected to the queue.', async () => {
    const { queue, workers } = await status();
    return queue && workers.length;
  });
  single('rollcall_match_distance_threshold', 'MATCH_DISTANCE_THRESHOLD of this API.', async () => {
    return (await status()).match_distance_threshold;
  });
  new Gauge({
    name: 'rollcall_ready',
    help: 'Whether redis, store and workers are as a verification needs them: 1 or 0.',
    labelNames: ['check'],
    registers,
    async collect() {
      const { checks } = await readiness();
      for (const [check, { ok }] of Object.entries(checks)) this.set({ check }, ok ? 1 : 0);
    },
  });
}
