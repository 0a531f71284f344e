// Before onnxruntime-node.
import './no-telemetry.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { DETECTOR_MODEL, RECOGNISER_MODEL, readModel } from './models.js';

/** Where the networks run. */
export type ExecutionProvider = 'cpu' | 'webgpu' | 'cuda';

export interface EngineOptions {
  /** Folder that holds the prepared models. */
  readonly modelsDir: string;
  readonly executionProvider: ExecutionProvider;
}

/** Raw outputs of the detector by name (`cls_8`, `obj_8`, `bbox_8`, `kps_8`, … for the strides 8, 16 and 32). */
export type DetectorOutputs = Readonly<Record<string, Float32Array>>;

/** The two networks, loaded once per process. */
export interface Engine {
  readonly executionProvider: ExecutionProvider;
  /** @param input `[1, 3, height, width]`, BGR, 0 to 255; both sides multiples of 32. */
  detect(input: Float32Array, width: number, height: number): Promise<DetectorOutputs>;
  /** @param input `[1, 3, 112, 112]`, RGB, 0 to 255. @returns 128 numbers, not normalised. */
  embed(input: Float32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Side of the recogniser's input. */
export const ALIGNED_SIDE = 112;
/** Length of an embedding. */
export const EMBEDDING_LENGTH = 128;

/** The configured provider cannot be used here; `message` says why and what to do. */
export class ExecutionProviderError extends Error {
  override readonly name = 'ExecutionProviderError';
}

/**
 * Loads and warms both networks. Create one per process and keep it: two onnxruntime isolates in one process can crash
 * it (onnxruntime #24486), and sessions leak when created again (#25325).
 *
 * @throws {ModelFileError} when a model file is missing or altered.
 * @throws {ExecutionProviderError} when the provider is not available.
 */
export async function createEngine({ modelsDir, executionProvider }: EngineOptions): Promise<Engine> {
  const [detectorBytes, recogniserBytes] = await Promise.all([
    readModel(modelsDir, DETECTOR_MODEL),
    readModel(modelsDir, RECOGNISER_MODEL),
  ]);
  const detector = await createSession(detectorBytes, executionProvider);
  const recogniser = await createSession(recogniserBytes, executionProvider);
  const recogniserOutput = recogniser.outputNames[0] as string;

  const engine: Engine = {
    executionProvider,
    async detect(input, width, height) {
      const outputs = await detector.run({ input: new Tensor('float32', input, [1, 3, height, width]) });
      return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, tensor.data as Float32Array]));
    },
    async embed(input) {
      const data = new Tensor('float32', input, [1, 3, ALIGNED_SIDE, ALIGNED_SIDE]);
      const outputs = await recogniser.run({ data });
      return outputs[recogniserOutput]?.data as Float32Array;
    },
    async close() {
      await Promise.all([detector.release(), recogniser.release()]);
    },
  };
  await engine.detect(new Float32Array(3 * 320 * 320), 320, 320);
  await engine.embed(new Float32Array(3 * ALIGNED_SIDE * ALIGNED_SIDE));
  return engine;
}

async function createSession(model: Uint8Array, provider: ExecutionProvider): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(model, {
      executionProviders: [provider],
      graphOptimizationLevel: 'all',
      executionMode: 'sequential',
      // One thread per process, and it sleeps between calls: parallel work comes from parallel processes.
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      extra: {
        session: {
          // Folds the 8-bit weights to float once, at load; otherwise they are dequantised in every run (5 × slower).
          disable_quant_qdq: '1',
          intra_op: { allow_spinning: '0' },
        },
      },
    });
  } catch (error) {
    throw new ExecutionProviderError(
      `EXECUTION_PROVIDER=${provider} cannot be used on this machine; set it to cpu, or install what is missing: ` +
        String(error instanceof Error ? error.message : error).replace(/\s+/g, ' '),
      { cause: error },
    );
  }
}
