import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Arena, startArena } from './fuzz/arena.js';
import { fuzzPhotos } from './fuzz/photos.js';
import { PROPERTIES } from './fuzz/properties.js';

/** `npm run fuzz` tries others, and more. */
const SEED = 20_26;

let arena: Arena;
let photos: Uint8Array[];

beforeAll(async () => {
  [arena, photos] = await Promise.all([startArena(), fuzzPhotos()]);
});
afterAll(() => arena?.stop());

describe.concurrent('the API answers in order, nothing leaks and nothing dies, whatever is sent:', () => {
  it.for(PROPERTIES)('$name', { timeout: 240_000 }, async ({ runs, meets, make }) => {
    const met = new Set<number>();
    const room = { targets: arena.targets, photos, onReply: (status: number) => met.add(status) };
    await fc.assert(make(room), { seed: SEED, numRuns: runs });
    expect(meets.filter((status) => !met.has(status))).toEqual([]);
  });
});

describe('after all of it', () => {
  it.each(['open', 'closed'] as const)('the %s system is undamaged and verifies', async (kind) => {
    const [open, closed] = arena.targets;
    expect(await (kind === 'open' ? open : closed).damage()).toEqual([]);
  });
});
