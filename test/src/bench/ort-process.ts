// One process that runs the two networks in a loop with so many threads of onnxruntime's own; for threads.ts.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';

export interface OrtOrder {
  readonly modelsDir: string;
  readonly threads: number;
  readonly seconds: number;
}

export interface OrtReport {
  /** Detection twice (first pass and refinement), embedding once: what a verification needs. */
  readonly perSecond: number;
  /** Milliseconds of processor time for one. */
  readonly cpuMs: number;
}

const DETECTOR_SIDE = 320;
const ALIGNED_SIDE = 112;

let sessions: Promise<{ detector: InferenceSession; recogniser: InferenceSession }> | undefined;

async function load({ modelsDir, threads }: OrtOrder) {
  const create = async (file: string) =>
    InferenceSession.create(await readFile(join(modelsDir, file)), {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      extra: { session: { disable_quant_qdq: '1', intra_op: { allow_spinning: '0' } } },
    });
  return { detector: await create('yunet_2023mar.onnx'), recogniser: await create('sface_2021dec.onnx') };
}

async function measure(order: OrtOrder): Promise<OrtReport> {
  sessions ??= load(order);
  const { detector, recogniser } = await sessions;
  const tensor = (side: number) => new Tensor('float32', new Float32Array(3 * side * side), [1, 3, side, side]);
  const [photo, face] = [tensor(DETECTOR_SIDE), tensor(ALIGNED_SIDE)];
  const cpuBefore = process.cpuUsage();
  const beganAt = performance.now();
  let done = 0;
  for (; performance.now() - beganAt < 1000 * order.seconds; done++) {
    await detector.run({ input: photo });
    await detector.run({ input: photo });
    await recogniser.run({ data: face });
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return { perSecond: (1000 * done) / (performance.now() - beganAt), cpuMs: (user + system) / 1000 / done };
}

process.on('message', async (order: OrtOrder) => process.send?.(await measure(order)));
