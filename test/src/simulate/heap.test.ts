import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createFifo } from './fifo.js';
import { createHeap } from './heap.js';
import { createRandom } from './random.js';

it('hands out the least first, and equals in the order in which they came', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 20 }), { nil: undefined })), (steps) => {
      const heap = createHeap<string>();
      const model: { key: number; value: string }[] = [];
      steps.forEach((key, index) => {
        if (key !== undefined) {
          heap.push(key, `${index}`);
          model.push({ key, value: `${index}` });
          model.sort((a, b) => a.key - b.key);
        } else {
          expect(heap.pop()).toBe(model.shift()?.value);
        }
        expect(heap.size).toBe(model.length);
        expect(heap.peekKey()).toBe(model[0]?.key ?? Number.POSITIVE_INFINITY);
      });
    }),
  );
});

it('hands out first what came first, however many have passed', () => {
  const fifo = createFifo<number>();
  let [next, expected] = [0, 0];
  const random = createRandom(3);
  for (let step = 0; step < 20_000; step++) {
    if (random.uniform() < 0.55) fifo.push(next++);
    else expect(fifo.shift()).toBe(expected < next ? expected++ : undefined);
    expect(fifo.size).toBe(next - expected);
  }
});

it('draws what it is told to draw, and the same again for the same seed', () => {
  for (const variation of [0, 0.3, 1, 1.5]) {
    const random = createRandom(11);
    const drawn = Array.from({ length: 100_000 }, () => random.around(5, variation));
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    const deviation = Math.sqrt(drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length);
    expect(mean).toBeGreaterThan(4.9);
    expect(mean).toBeLessThan(5.1);
    expect(Math.abs(deviation / mean - variation)).toBeLessThan(0.03);
  }
  const draw = (seed: number) => Array.from({ length: 5 }, createRandom(seed).normal);
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});
