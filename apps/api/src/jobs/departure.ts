/** Whether the client of a request has left. Lighter than an AbortSignal, of which every request would need several. */
export interface Departure {
  readonly left: boolean;
  /** Calls `listener` once when the client leaves; not when it has left already. @returns what takes the listener back. */
  onLeave(listener: () => void): () => void;
}

/** A departure that is also declared, by `leave`. */
export interface DeclaredDeparture extends Departure {
  leave(): void;
}

/** @param other leaving there is leaving here, too. */
export function createDeparture(other?: Departure): DeclaredDeparture {
  const listeners = new Set<() => void>();
  let left = other?.left ?? false;
  const forget = other?.onLeave(leave);

  function leave(): void {
    if (left) return;
    left = true;
    forget?.();
    for (const listener of listeners) listener();
  }

  return {
    get left() {
      return left;
    },
    onLeave(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    leave,
  };
}
