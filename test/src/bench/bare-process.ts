// One process of the bare pipeline: decode → detect → refine → align → embed → compare in a loop, nothing around it.
// Told how long by a message, it answers with how many verifications it did.
import { readFile } from 'node:fs/promises';
import { cosineDistance, createEngine, createPhotoAnalyser, type PhotoAnalysis } from '@rollcall/face-core';

export interface BareOrder {
  readonly seconds: number;
  readonly photos: readonly string[];
  readonly modelsDir: string;
  readonly concurrency: number;
}

export interface BareReport {
  readonly verifications: number;
  /** Mean milliseconds by stage. */
  readonly stages: Readonly<Record<string, number>>;
}

type Analyser = ReturnType<typeof createPhotoAnalyser>;
let analyser: Analyser | undefined;

async function measure({ seconds, photos, modelsDir, concurrency }: BareOrder): Promise<BareReport> {
  analyser ??= createPhotoAnalyser(await createEngine({ modelsDir, executionProvider: 'cpu' }), { maxPixels: 4e7 });
  const pipeline = analyser;
  const images = await Promise.all(photos.map((path) => readFile(path)));
  const reference = embeddingOf(await pipeline.analyse(images[0] as Buffer));
  const sums: Record<string, number> = {};
  let verifications = 0;
  const end = performance.now() + seconds * 1000;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (performance.now() < end) {
        const analysis = await pipeline.analyse(images[verifications++ % images.length] as Buffer);
        cosineDistance(embeddingOf(analysis), reference);
        for (const [stage, ms] of Object.entries(analysis.times)) sums[stage] = (sums[stage] ?? 0) + ms;
      }
    }),
  );
  const stages = Object.fromEntries(Object.entries(sums).map(([stage, sum]) => [stage, sum / verifications]));
  return { verifications, stages };
}

function embeddingOf(analysis: PhotoAnalysis): Float32Array {
  if (analysis.kind !== 'face') throw new Error('the benchmark photo shows no face');
  return analysis.face.embedding;
}

process.on('message', async (order: BareOrder) => process.send?.(await measure(order)));
