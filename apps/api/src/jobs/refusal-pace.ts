import type { Departure } from './departure.js';

export interface RefusalPaceOptions {
  /** Refusals in a second that are told at once. */
  readonly promptPerSecond?: number;
  /** How long the others are held. */
  readonly holdMs?: number;
}

/** Resolves when the refusal may be told, or when the client has left. */
export type PaceRefusal = (departure: Departure) => Promise<void>;

/** A refusal costs 0.2 ms, so many of them 6 % of a core. */
const PROMPT_PER_SECOND = 300;
const HOLD_MS = 2_000;

/**
 * Slows down those who ask again at once although they were told when to come: each of them can otherwise make hundreds of
 * requests in a second, and refusing them would take the time of those who were accepted. Up to so many refusals in a second
 * are told at once; who comes beyond that is held for a moment first.
 */
export function createRefusalPace(options: RefusalPaceOptions = {}): PaceRefusal {
  const { promptPerSecond = PROMPT_PER_SECOND, holdMs = HOLD_MS } = options;
  let second = 0;
  let told = 0;
  return async (departure) => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) [second, told] = [now, 0];
    if (++told <= promptPerSecond || departure.left) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(finish, holdMs);
      const forget = departure.onLeave(finish);
      function finish(): void {
        clearTimeout(timer);
        forget();
        resolve();
      }
    });
  };
}
