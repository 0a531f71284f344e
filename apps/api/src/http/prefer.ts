/** What a client's `Prefer` header (RFC 7240) means for the wait. */
export interface WaitPreference {
  readonly waitMs: number;
  /** The client comes back for the answer. */
  readonly isAsync: boolean;
  /** Value of `Preference-Applied`, when a preference was honoured. */
  readonly applied?: string;
}

/** The longest wait that a client may ask for. */
export const MAX_WAIT_SECONDS = 60;

/**
 * `respond-async` alone answers at once; `wait=N` waits N seconds, at most {@link MAX_WAIT_SECONDS}. Both together wait N
 * seconds, then answer asynchronously, which is what happens after any wait. Unknown preferences are ignored, as the
 * RFC asks.
 */
export function parsePrefer(header: string | undefined, defaultWaitMs: number): WaitPreference {
  const preferences = (header ?? '').split(',').map((part) => part.split(';')[0]?.trim().toLowerCase() ?? '');
  const wait = preferences.map((preference) => /^wait\s*=\s*"?(\d{1,9})"?$/.exec(preference)?.[1]).find(Boolean);
  if (wait !== undefined) {
    const seconds = Math.min(Number(wait), MAX_WAIT_SECONDS);
    const isAsync = preferences.includes('respond-async') || seconds === 0;
    const both = preferences.includes('respond-async') ? 'respond-async, ' : '';
    return { waitMs: seconds * 1000, isAsync, applied: `${both}wait=${seconds}` };
  }
  if (preferences.includes('respond-async')) return { waitMs: 0, isAsync: true, applied: 'respond-async' };
  return { waitMs: defaultWaitMs, isAsync: defaultWaitMs === 0 };
}
