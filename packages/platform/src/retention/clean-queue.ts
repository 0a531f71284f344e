import type { Queue } from 'bullmq';

type CleanedState = Parameters<Queue['clean']>[2];

const BATCH = 1000;

/** Removes every job of the state that is older. Blocks Redis for no longer than a thousand jobs take. */
export async function cleanQueue(queue: Queue, state: CleanedState, maxAgeMs: number): Promise<void> {
  let removed: string[];
  do removed = await queue.clean(maxAgeMs, BATCH, state);
  while (removed.length === BATCH);
}
