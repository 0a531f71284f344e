/** Where used photos are removed from. */
export interface UploadRemover {
  delete(keys: readonly string[]): Promise<void>;
}

export interface UploadBinOptions {
  readonly store: UploadRemover;
  readonly onError: (error: unknown, count: number) => void;
  readonly flushMs?: number;
  readonly maxBatch?: number;
}

/** Collects the photos of ended jobs and removes them together: one request of 50 is far cheaper than 50 requests. */
export interface UploadBin {
  add(key: string): void;
  /** Resolves when everything added so far was removed, or given up: the sweep removes what is left. */
  flush(): Promise<void>;
}

export function createUploadBin({ store, onError, flushMs = 200, maxBatch = 50 }: UploadBinOptions): UploadBin {
  let keys: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const running = new Set<Promise<void>>();

  function empty(): void {
    clearTimeout(timer);
    timer = undefined;
    if (keys.length === 0) return;
    const batch = keys;
    keys = [];
    const removal = store
      .delete(batch)
      .catch((error: unknown) => onError(error, batch.length))
      .finally(() => running.delete(removal));
    running.add(removal);
  }

  return {
    add(key) {
      keys.push(key);
      if (keys.length >= maxBatch) empty();
      else timer ??= setTimeout(empty, flushMs);
    },
    async flush() {
      empty();
      await Promise.all(running);
    },
  };
}
