import { defineConfig } from 'vitest/config';

/** Files that load the machine or stop processes in the middle: run one by one, so that each is only as slow as itself. */
const ALONE = [
  'test/faults/**/*.test.ts',
  'test/src/{attack,crowd,fuzz,machines,overload}.test.ts',
  'test/src/browser/**/*.test.ts',
  'test/src/{soak,experiments}/**/*.test.ts',
];

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    // Native addons (sharp, onnxruntime) do not survive worker threads.
    pool: 'forks',
    // Long enough for a slow and busy machine: what takes too long for its own sake has a bound in its test.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    reporters: ['default', ['json', { outputFile: 'test-results/vitest.json' }]],
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'test/src/**/*.test.ts'],
          exclude: ALONE,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: ALONE, maxWorkers: 1, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
