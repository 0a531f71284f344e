import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { batchSizes, createMicroBatcher } from './micro-batch.js';

const WAIT_MS = 3;

/** Inputs of two numbers; the output is their sum. Batches are computed when told. */
function createFakeEngine(maxItems: number, maxWaitMs = WAIT_MS) {
  const inputs = new Float32Array(2 * maxItems);
  const outputs = new Float32Array(maxItems);
  const sizes: number[] = [];
  let finish: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const onLost = vi.fn();
  const batcher = createMicroBatcher({
    onLost,
    inputs,
    inputLength: 2,
    outputLength: 1,
    maxWaitMs,
    run(size) {
      sizes.push(size);
      return new Promise((resolve, reject) => {
        finish = () => {
          for (let i = 0; i < size; i++) outputs[i] = (inputs[2 * i] as number) + (inputs[2 * i + 1] as number);
          resolve(outputs);
        };
        fail = reject;
      });
    },
  });
  return {
    batcher,
    sizes,
    onLost,
    add: async (a: number, b: number) => (await batcher.add(Float32Array.of(a, b)))[0],
    /** Ends the running batch, well or badly, and lets everybody hear of it. */
    async end(error?: Error) {
      if (error) fail(error);
      else finish();
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('batchSizes', () => {
  it.each([
    [1, [1]],
    [2, [1, 2]],
    [12, [1, 2, 4, 8, 12]],
    [16, [1, 2, 4, 8, 16]],
  ])('doubles up to %i', (maxItems, sizes) => expect(batchSizes(maxItems)).toEqual(sizes));
});

describe('createMicroBatcher', () => {
  it('computes what comes together in one go and gives everybody their own', async () => {
    const { add, end, sizes } = createFakeEngine(4);
    const sums = Promise.all([add(1, 10), add(2, 20), add(3, 30)]);
    await vi.advanceTimersByTimeAsync(WAIT_MS);
    await end();
    expect(await sums).toEqual([11, 22, 33]);
    expect(sizes).toEqual([4]);
  });

  it('gives outputs that the next batch does not change', async () => {
    const { batcher, end } = createFakeEngine(1);
    const first = batcher.add(Float32Array.of(1, 1));
    await end();
    const second = batcher.add(Float32Array.of(2, 2));
    await end();
    expect([await first, await second]).toEqual([Float32Array.of(2), Float32Array.of(4)]);
  });

  it('starts a full batch at once and keeps the rest in order for the next', async () => {
    const { add, end, sizes } = createFakeEngine(2);
    const sums = Promise.all([1, 2, 3, 4, 5].map((n) => add(n, 0)));
    expect(sizes).toEqual([2]);
    await end();
    expect(sizes).toEqual([2, 2]);
    await end();
    expect(sizes).toEqual([2, 2]);
    await vi.advanceTimersByTimeAsync(WAIT_MS);
    expect(sizes).toEqual([2, 2, 1]);
    await end();
    expect(await sums).toEqual([1, 2, 3, 4, 5]);
  });

  it('waits for others only so long', async () => {
    const { add, end, sizes } = createFakeEngine(4);
    const sum = add(1, 2);
    await vi.advanceTimersByTimeAsync(WAIT_MS - 1);
    expect(sizes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sizes).toEqual([1]);
    await end();
    expect(await sum).toBe(3);
  });

  it('waits for nobody when told so', async () => {
    const { add, end, sizes } = createFakeEngine(4, 0);
    const sum = add(1, 2);
    expect(sizes).toEqual([1]);
    await end();
    expect(await sum).toBe(3);
  });

  it('waits on while others may follow, but not for ever', async () => {
    const { batcher, add, sizes } = createFakeEngine(4);
    add(1, 2);
    let waitedMs = 0;
    while (sizes.length === 0) {
      await vi.advanceTimersByTimeAsync(WAIT_MS - 1);
      waitedMs += WAIT_MS - 1;
      batcher.expectMore();
      expect(waitedMs).toBeLessThan(1000);
    }
    expect(waitedMs).toBeGreaterThan(20 * WAIT_MS);
    expect(sizes).toEqual([1]);
  });

  it('does nothing for what may follow when nobody waits', async () => {
    const { batcher, sizes } = createFakeEngine(4);
    batcher.expectMore();
    await vi.advanceTimersByTimeAsync(10 * WAIT_MS);
    expect(sizes).toEqual([]);
  });

  it('fails everybody in a batch that fails, and nobody else', async () => {
    const { add, end } = createFakeEngine(2);
    const ends = Promise.allSettled([1, 2, 3, 4].map((n) => add(n, 0)));
    await end(new Error('the device is lost'));
    await end();
    const failure = { status: 'rejected', reason: new Error('A batch of 2 could not be computed: the device is lost') };
    expect(await ends).toEqual([
      failure,
      failure,
      { status: 'fulfilled', value: 3 },
      { status: 'fulfilled', value: 4 },
    ]);
  });

  it('says that the engine is lost when batches fail in a row, and only then', async () => {
    const { add, end, onLost } = createFakeEngine(1);
    const ends = Promise.allSettled([1, 2, 3, 4].map((n) => add(n, 0)));
    const error = new Error('the device is lost');
    await end(error);
    await end();
    await end(error);
    expect(onLost).not.toHaveBeenCalled();
    await end(error);
    expect(onLost.mock.calls).toEqual([[error]]);
    expect((await ends).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'rejected']);
  });

  it('finishes everything when it is closed, without waiting, and takes nothing more', async () => {
    const { batcher, add, end, sizes } = createFakeEngine(2);
    const sums = Promise.all([add(1, 0), add(2, 0), add(3, 0)]);
    let isClosed = false;
    const closed = batcher.close().then(() => {
      isClosed = true;
    });
    await expect(add(4, 0)).rejects.toThrow('closed');
    await end();
    expect(isClosed).toBe(false);
    expect(sizes).toEqual([2, 1]);
    await end();
    await closed;
    expect(await sums).toEqual([1, 2, 3]);
  });

  it('closes when there is nothing to finish', async () => {
    await expect(createFakeEngine(2).batcher.close()).resolves.toBeUndefined();
  });
});
