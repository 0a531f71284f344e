import { setTimeout as sleep } from 'node:timers/promises';

const MAX_RETRIES = 2;
const FIRST_PAUSE_MS = 40;
const PAUSE_GROWTH = 3;

export interface RetryOptions {
  /** Whether the same work may succeed in a moment. */
  readonly isTransient: (error: unknown) => boolean;
  /** No retry begins later than this after the start. */
  readonly budgetMs: number;
}

/** Does the work again, twice at most, after a transient failure. The work has to be idempotent. */
export async function retry<T>(work: () => Promise<T>, { isTransient, budgetMs }: RetryOptions): Promise<T> {
  const deadline = performance.now() + budgetMs;
  for (let retries = 0; ; retries++) {
    try {
      return await work();
    } catch (error) {
      // The pause is partly chance, lest clients that failed together come back together.
      const pauseMs = FIRST_PAUSE_MS * PAUSE_GROWTH ** retries * (0.5 + Math.random());
      if (retries === MAX_RETRIES || !isTransient(error) || performance.now() + pauseMs >= deadline) throw error;
      await sleep(pauseMs);
    }
  }
}
