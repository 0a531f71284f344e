// Loads the networks where the workers would, and embeds with them. A process of its own, because a driver can hang or crash
// whoever calls it.
import { ALIGNED_SIDE, createEngine, EMBEDDING_LENGTH } from '@rollcall/face-core';
import { loadConfig } from '@rollcall/platform';
import type { ProviderReport } from './provider.js';

const ROUNDS = 3;

async function embed(): Promise<ProviderReport> {
  const engine = await createEngine(loadConfig());
  // No face, but no constant either: a network that does not compute would not tell it from one.
  const input = Float32Array.from({ length: 3 * ALIGNED_SIDE * ALIGNED_SIDE }, (_, index) => (index * 37) % 256);
  let embedding = new Float32Array();
  const startedAt = performance.now();
  for (let round = 0; round < ROUNDS; round++) embedding = Float32Array.from(await engine.embed(input));
  const ms = (performance.now() - startedAt) / ROUNDS;
  const isSound =
    embedding.length === EMBEDDING_LENGTH && embedding.every(Number.isFinite) && embedding.some((value) => value !== 0);
  return isSound ? { ms, modelId: engine.modelId } : { error: 'the network computes nothing usable' };
}

const report = await embed().catch(
  (error: unknown): ProviderReport => ({ error: error instanceof Error ? error.message : String(error) }),
);
process.send?.(report, () => process.exit());
