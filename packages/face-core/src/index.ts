// Vision only: bytes → image → faces → embedding → comparison. Knows no HTTP, Redis, store or employee.
export * from './analyse.js';
export * from './compare.js';
export { cropToJpeg } from './decode.js';
export {
  ALIGNED_SIDE,
  createEngine,
  EMBEDDING_LENGTH,
  type Engine,
  type EngineOptions,
  type ExecutionProvider,
  ExecutionProviderError,
} from './engine.js';
export { DETECTOR_MODEL, ModelFileError, type Precision, RECOGNISER_MODELS, readModel } from './models.js';
export type { FaceQuality } from './quality.js';
export type { Box, Landmarks } from './yunet.js';
