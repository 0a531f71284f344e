// One process of the bare pipeline: decode → detect → refine → align → embed → compare in a loop, nothing around it.
// Told how long by a message, it answers with what it did.
import { readFile } from 'node:fs/promises';
import { cosineDistance, createEngine, createPhotoAnalyser, type PhotoAnalysis } from '@rollcall/face-core';

export interface BareOrder {
  readonly seconds: number;
  readonly photos: readonly string[];
  readonly modelsDir: string;
  /** Verifications at a time. */
  readonly concurrency: number;
}

export interface BareReport {
  /** Milliseconds of each verification. */
  readonly latencies: readonly number[];
  /** Mean milliseconds by stage. */
  readonly stages: Readonly<Record<string, number>>;
  readonly cpuMs: number;
  readonly seconds: number;
}

type Analyser = ReturnType<typeof createPhotoAnalyser>;
let analyser: Analyser | undefined;

async function measure({ seconds, photos, modelsDir, concurrency }: BareOrder): Promise<BareReport> {
  analyser ??= createPhotoAnalyser(await createEngine({ modelsDir, executionProvider: 'cpu' }), { maxPixels: 4e7 });
  const pipeline = analyser;
  const images = await Promise.all(photos.map((path) => readFile(path)));
  const reference = embeddingOf(await pipeline.analyse(images[0] as Buffer));
  const sums: Record<string, number> = {};
  const latencies: number[] = [];
  let begun = 0;
  const beganAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const end = beganAt + seconds * 1000;
  async function verifyInTurn(): Promise<void> {
    for (let startedAt = performance.now(); startedAt < end; startedAt = performance.now()) {
      const analysis = await pipeline.analyse(images[begun++ % images.length] as Buffer);
      cosineDistance(embeddingOf(analysis), reference);
      latencies.push(performance.now() - startedAt);
      for (const [stage, ms] of Object.entries(analysis.times)) sums[stage] = (sums[stage] ?? 0) + ms;
    }
  }
  await Promise.all(Array.from({ length: concurrency }, verifyInTurn));
  const { user, system } = process.cpuUsage(cpuBefore);
  const stages = Object.fromEntries(Object.entries(sums).map(([stage, sum]) => [stage, sum / latencies.length]));
  return { latencies, stages, cpuMs: (user + system) / 1000, seconds: (performance.now() - beganAt) / 1000 };
}

function embeddingOf(analysis: PhotoAnalysis): Float32Array {
  if (analysis.kind !== 'face') throw new Error('the benchmark photo shows no face');
  return analysis.face.embedding;
}

process.on('message', async (order: BareOrder) => process.send?.(await measure(order)));
