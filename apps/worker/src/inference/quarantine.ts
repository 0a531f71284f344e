/** Decides which jobs may run beside each other. */
export interface Quarantine {
  /**
   * A job has been taken. Returns what to call when it has ended; undefined when it may not begin now and must be put back,
   * because a job that only waits in a process would be counted as killed by it.
   */
  enter(isSuspect: boolean): (() => void) | undefined;
}

/**
 * A job that was taken back from a dead worker may be what killed it. It begins only when nothing else runs, and nothing begins
 * beside it, so that a second death is its own and takes nobody along.
 *
 * @param setConcurrency how many jobs may be in hand from now on, so that a process comes to rest for a suspect
 * @param concurrency what it is otherwise
 */
export function createQuarantine(setConcurrency: (jobs: number) => void, concurrency: number): Quarantine {
  let running = 0;
  let hasSuspect = false;
  return {
    enter(isSuspect) {
      if (hasSuspect || (isSuspect && running > 0)) {
        setConcurrency(1);
        return undefined;
      }
      // At rest: either the suspect has come back, or another process has it.
      if (running === 0) setConcurrency(isSuspect ? 1 : concurrency);
      running++;
      hasSuspect = isSuspect;
      return () => {
        running--;
        if (!isSuspect) return;
        hasSuspect = false;
        setConcurrency(concurrency);
      };
    },
  };
}
