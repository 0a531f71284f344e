// Before onnxruntime-node.
import './no-telemetry.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { batchSizes, createMicroBatcher, type MicroBatcher } from './micro-batch.js';
import { DETECTOR_MODEL, type Precision, RECOGNISER_MODELS, readModel } from './models.js';

/** Where the networks run. */
export type ExecutionProvider = 'cpu' | 'webgpu' | 'cuda';

export interface EngineOptions {
  /** Folder that holds the prepared models. */
  readonly modelsDir: string;
  readonly executionProvider: ExecutionProvider;
  /** Arithmetic of the recogniser; fp32 unless told. */
  readonly precision?: Precision;
  /** What a GPU embeds at once; without meaning on a CPU, where batches gain nothing. */
  readonly embedBatch?: EmbedBatch;
  /** The GPU fails batch after batch: only a new process can help. */
  readonly onLost?: (error: unknown) => void;
}

export interface EmbedBatch {
  /** Faces of concurrent calls at most. */
  readonly maxFaces: number;
  /** A batch that is not full starts when no other photo has been in the works for this long. */
  readonly maxWaitMs: number;
}

/** Raw outputs of the detector by name (`cls_8`, `obj_8`, `bbox_8`, `kps_8`, … for the strides 8, 16 and 32). */
export type DetectorOutputs = Readonly<Record<string, Float32Array>>;

/** The two networks, loaded once per process. */
export interface Engine {
  readonly executionProvider: ExecutionProvider;
  /** Identifies the vector space of its embeddings: embeddings of different ids must not be compared. */
  readonly modelId: string;
  /** @param input `[1, 3, height, width]`, BGR, 0 to 255; both sides multiples of 32. */
  detect(input: Float32Array, width: number, height: number): Promise<DetectorOutputs>;
  /**
   * On a GPU, concurrent calls are computed together.
   * @param input `[1, 3, 112, 112]`, RGB, 0 to 255; must not change until the promise is settled.
   * @returns 128 numbers, not normalised.
   */
  embed(input: Float32Array): Promise<Float32Array>;
  /** Resolves when what has been begun is done. */
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

/** Unless told; docs/gpu.md says how to find what fits a GPU. */
const DEFAULT_BATCH: EmbedBatch = { maxFaces: 16, maxWaitMs: 3 };

/**
 * Loads and warms both networks. Create one per process and keep it: two onnxruntime isolates in one process can crash
 * it (onnxruntime #24486), and sessions leak when created again (#25325).
 *
 * The detector always runs on the CPU: about 3 ms there, and every new shape of photo would cost a GPU new programs.
 *
 * @throws {ModelFileError} when a model file is missing or altered.
 * @throws {ExecutionProviderError} when the provider is not available.
 */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { modelsDir, executionProvider, precision = 'fp32' } = options;
  const isGpu = executionProvider !== 'cpu';
  if (isGpu && precision !== 'fp32') {
    throw new ExecutionProviderError(
      `PRECISION=${precision} is made for a CPU and cannot be used with EXECUTION_PROVIDER=${executionProvider}; leave ` +
        'PRECISION unset, or set EXECUTION_PROVIDER to cpu',
    );
  }
  const recogniserModel = RECOGNISER_MODELS[precision];
  const [detectorBytes, recogniserBytes] = await Promise.all([
    readModel(modelsDir, DETECTOR_MODEL),
    readModel(modelsDir, recogniserModel),
  ]);
  const detector = await createSession(detectorBytes, 'cpu');
  const session = await createSession(recogniserBytes, executionProvider);
  const recogniser = isGpu ? await createGpuRecogniser(session, options) : createCpuRecogniser(session);

  const engine: Engine = {
    executionProvider,
    modelId: recogniserModel.id,
    async detect(input, width, height) {
      recogniser.expectMore();
      const outputs = await detector.run({ input: new Tensor('float32', input, [1, 3, height, width]) });
      recogniser.expectMore();
      return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, tensor.data as Float32Array]));
    },
    embed: recogniser.add,
    async close() {
      await recogniser.close();
      await Promise.all([detector.release(), session.release()]);
    },
  };
  await engine.detect(new Float32Array(3 * 320 * 320), 320, 320);
  if (!isGpu) await engine.embed(new Float32Array(FACE_LENGTH));
  return engine;
}

const FACE_LENGTH = 3 * ALIGNED_SIDE * ALIGNED_SIDE;

/** One face at a time, at once. */
function createCpuRecogniser(session: InferenceSession): MicroBatcher {
  const output = session.outputNames[0] as string;
  return {
    async add(input) {
      const data = new Tensor('float32', input, [1, 3, ALIGNED_SIDE, ALIGNED_SIDE]);
      const outputs = await session.run({ data });
      return outputs[output]?.data as Float32Array;
    },
    expectMore: () => undefined,
    close: async () => undefined,
  };
}

/** Batches, with memory and programs for each of their sizes prepared. */
async function createGpuRecogniser(session: InferenceSession, options: EngineOptions): Promise<MicroBatcher> {
  const { executionProvider, embedBatch: { maxFaces, maxWaitMs } = DEFAULT_BATCH, onLost } = options;
  const inputs = new Float32Array(maxFaces * FACE_LENGTH);
  const outputs = new Float32Array(maxFaces * EMBEDDING_LENGTH);
  const output = session.outputNames[0] as string;
  const tensors = new Map(
    batchSizes(maxFaces).map((size) => [
      size,
      {
        feeds: {
          data: new Tensor('float32', inputs.subarray(0, size * FACE_LENGTH), [size, 3, ALIGNED_SIDE, ALIGNED_SIDE]),
        },
        fetches: {
          [output]: new Tensor('float32', outputs.subarray(0, size * EMBEDDING_LENGTH), [size, EMBEDDING_LENGTH]),
        },
      },
    ]),
  );

  async function run(size: number): Promise<Float32Array> {
    const { feeds, fetches } = tensors.get(size) as NonNullable<ReturnType<typeof tensors.get>>;
    await session.run(feeds, fetches);
    return outputs;
  }

  for (const size of tensors.keys()) {
    await run(size).catch((error: unknown) => {
      throw providerError(executionProvider, error);
    });
  }
  return createMicroBatcher({
    inputs,
    inputLength: FACE_LENGTH,
    outputLength: EMBEDDING_LENGTH,
    maxWaitMs,
    run,
    onLost,
  });
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
          // A network that a GPU cannot run as a whole is an error at the start, not a slow service.
          ...(provider !== 'cpu' && { disable_cpu_ep_fallback: '1' }),
          intra_op: { allow_spinning: '0' },
        },
      },
    });
  } catch (error) {
    throw providerError(provider, error);
  }
}

function providerError(provider: ExecutionProvider, cause: unknown): ExecutionProviderError {
  const reason = String(cause instanceof Error ? cause.message : cause).replace(/\s+/g, ' ');
  return new ExecutionProviderError(
    `EXECUTION_PROVIDER=${provider} cannot be used on this machine; set it to cpu, or install what is missing: ${reason}`,
    { cause },
  );
}
