/**
 * While other faces are being looked for, the first of a batch waits no longer than this: far below what a job's lock
 * bears, and long enough to fill a batch of 16 on one core.
 */
const LONGEST_WAIT_MS = 150;

/** A batch that fails alone may have had bad luck. Callers try three times, so the third may be somewhere else. */
const LOST_AFTER = 2;

export interface MicroBatcherOptions {
  /** Where a batch is laid out, one input after the other; as many as fit here make the largest batch. */
  readonly inputs: Float32Array;
  /** Numbers in an input, and in an output. */
  readonly inputLength: number;
  readonly outputLength: number;
  /** A batch that is not full starts when nothing has happened for this long; 0: it starts at once. */
  readonly maxWaitMs: number;
  /**
   * Computes the first `size` of `inputs`, one of {@link batchSizes}, and resolves with their outputs in the same order.
   * Not called again before it is done; the outputs are copied then.
   */
  run(size: number): Promise<Float32Array>;
  /** Batches have failed one after the other ({@link LOST_AFTER} of them), so that the next is not likely to succeed. */
  readonly onLost?: ((error: unknown) => void) | undefined;
}

/** Collects inputs of concurrent callers and computes them together. */
export interface MicroBatcher {
  /**
   * The output for one input, which must stay as it is until then.
   * @throws an error that names the size of the batch and what was wrong with it; all of its callers get one.
   */
  add(input: Float32Array): Promise<Float32Array>;
  /** Another input may follow soon: a batch that is being collected waits `maxWaitMs` from now. */
  expectMore(): void;
  /** Takes nothing more and resolves when everything that was added is done. */
  close(): Promise<void>;
}

interface Item {
  readonly input: Float32Array;
  resolve(output: Float32Array): void;
  reject(error: Error): void;
}

/**
 * 1, 2, 4, … and `maxItems`: a batch is padded to the next of these, because a GPU prepares programs for every new shape
 * and a few can be warmed at the start.
 */
export function batchSizes(maxItems: number): number[] {
  const sizes: number[] = [];
  for (let size = 1; size < maxItems; size *= 2) sizes.push(size);
  return [...sizes, maxItems];
}

export function createMicroBatcher(options: MicroBatcherOptions): MicroBatcher {
  const { inputs, inputLength, outputLength, maxWaitMs, run, onLost } = options;
  const maxItems = inputs.length / inputLength;
  const sizes = batchSizes(maxItems);
  const waiting: Item[] = [];
  let firstAt = 0;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let failures = 0;
  let isClosed = false;

  function startOrWait(): void {
    if (waiting.length === 0 || running) return;
    const isDue = isClosed || waiting.length >= maxItems || performance.now() - firstAt >= LONGEST_WAIT_MS;
    if (isDue || maxWaitMs === 0) start();
    else if (timer) timer.refresh();
    else timer = setTimeout(start, maxWaitMs);
  }

  function start(): void {
    clearTimeout(timer);
    timer = undefined;
    running = compute(waiting.splice(0, maxItems)).finally(() => {
      running = undefined;
      startOrWait();
    });
  }

  async function compute(items: readonly Item[]): Promise<void> {
    const size = sizes.find((candidate) => candidate >= items.length) as number;
    items.forEach(({ input }, index) => {
      inputs.set(input, index * inputLength);
    });
    try {
      const outputs = await run(size);
      failures = 0;
      items.forEach(({ resolve }, index) => {
        resolve(outputs.slice(index * outputLength, (index + 1) * outputLength));
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      for (const { reject } of items) {
        reject(new Error(`A batch of ${items.length} could not be computed: ${reason}`, { cause: error }));
      }
      failures++;
      if (failures === LOST_AFTER) onLost?.(error);
    }
  }

  return {
    add(input) {
      if (isClosed) return Promise.reject(new Error('No more inputs are taken: the batcher is closed.'));
      return new Promise((resolve, reject) => {
        if (waiting.length === 0) firstAt = performance.now();
        waiting.push({ input, resolve, reject });
        startOrWait();
      });
    },
    expectMore: startOrWait,
    async close() {
      isClosed = true;
      startOrWait();
      while (running) await running;
    },
  };
}
