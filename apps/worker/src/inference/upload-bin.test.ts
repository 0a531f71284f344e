import { expect, it } from 'vitest';
import { createUploadBin } from './upload-bin.js';

function bin(remove: (keys: readonly string[]) => Promise<void> = async () => undefined) {
  const batches: string[][] = [];
  const failures: number[] = [];
  const store = {
    delete: async (keys: readonly string[]) => {
      batches.push([...keys]);
      await remove(keys);
    },
  };
  const uploadBin = createUploadBin({ store, onError: (_, count) => failures.push(count), flushMs: 30, maxBatch: 3 });
  return { batches, failures, uploadBin };
}

it('removes full batches at once and the rest a little later', async () => {
  const { batches, uploadBin } = bin();
  for (const key of ['a', 'b', 'c', 'd']) uploadBin.add(key);
  expect(batches).toEqual([['a', 'b', 'c']]);
  await expect.poll(() => batches).toEqual([['a', 'b', 'c'], ['d']]);
});

it('flushes what is left and waits for removals that run', async () => {
  let removed = 0;
  const { uploadBin } = bin(async (keys) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    removed += keys.length;
  });
  for (const key of ['a', 'b', 'c', 'd']) uploadBin.add(key);
  await uploadBin.flush();
  expect(removed).toBe(4);
});

it('reports what could not be removed and goes on', async () => {
  const { batches, failures, uploadBin } = bin(async (keys) => {
    if (keys.includes('a')) throw new Error('away');
  });
  uploadBin.add('a');
  await uploadBin.flush();
  uploadBin.add('b');
  await uploadBin.flush();
  expect(failures).toEqual([1]);
  expect(batches).toEqual([['a'], ['b']]);
});
