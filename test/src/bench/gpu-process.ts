// One process of the GPU benchmark: its own engine, as a worker has. Does one order and answers with a report.
import { readFile } from 'node:fs/promises';
import { createEngine, createPhotoAnalyser, type Engine, type ExecutionProvider } from '@rollcall/face-core';

export interface GpuOrder {
  readonly provider: ExecutionProvider;
  readonly modelsDir: string;
  readonly maxFaces: number;
  readonly maxWaitMs: number;
  readonly seconds: number;
  /** The whole pipeline on these; without photos, full batches of made-up faces alone. */
  readonly photos?: readonly string[];
  /** Photos, or faces, at a time. */
  readonly concurrency: number;
}

export interface GpuReport {
  /** Loading both networks and warming every batch size. */
  readonly startMs: number;
  /** Milliseconds of each photo, or of each batch. */
  readonly latencies: readonly number[];
  readonly faces: number;
  readonly seconds: number;
  readonly cpuMs: number;
}

/** The parent says when all processes shall begin, so that none measures beside one that is still warming up. */
export type GpuMessage = { readonly prepare: GpuOrder } | 'begin';

const FACE_LENGTH = 3 * 112 * 112;

type Work = () => Promise<void>;

async function pipelineWork(engine: Engine, paths: readonly string[]): Promise<Work> {
  const analyser = createPhotoAnalyser(engine, { maxPixels: 4e7 });
  const photos = await Promise.all(paths.map((path) => readFile(path)));
  let next = 0;
  return async () => {
    const { kind } = await analyser.analyse(photos[next++ % photos.length] as Buffer);
    if (kind !== 'face') throw new Error('the benchmark photo shows no face');
  };
}

function batchWork(engine: Engine, faces: number): Work {
  const inputs = Array.from({ length: faces }, () =>
    Float32Array.from({ length: FACE_LENGTH }, () => 255 * Math.random()),
  );
  return async () => {
    await Promise.all(inputs.map((input) => engine.embed(input)));
  };
}

async function prepare(order: GpuOrder): Promise<() => Promise<GpuReport>> {
  const { provider, modelsDir, maxFaces, maxWaitMs, photos, concurrency } = order;
  const beganAt = performance.now();
  const engine = await createEngine({ modelsDir, executionProvider: provider, embedBatch: { maxFaces, maxWaitMs } });
  const startMs = performance.now() - beganAt;
  const work = photos ? await pipelineWork(engine, photos) : batchWork(engine, concurrency);
  const atOnce = photos ? concurrency : 1;
  const facesEach = photos ? 1 : concurrency;
  await work();

  return async () => {
    const latencies: number[] = [];
    const cpuBefore = process.cpuUsage();
    const start = performance.now();
    const end = start + order.seconds * 1000;
    const workInTurn = async () => {
      for (let at = performance.now(); at < end; at = performance.now()) {
        await work();
        latencies.push(performance.now() - at);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, workInTurn));
    const { user, system } = process.cpuUsage(cpuBefore);
    const seconds = (performance.now() - start) / 1000;
    return { startMs, latencies, faces: latencies.length * facesEach, seconds, cpuMs: (user + system) / 1000 };
  };
}

let measure: (() => Promise<GpuReport>) | undefined;
process.on('message', async (message: GpuMessage) => {
  if (message === 'begin') {
    process.send?.(await measure?.());
    return;
  }
  measure = await prepare(message.prepare).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  });
  process.send?.('prepared');
});
