// Vision only: bytes → image → faces → embedding → comparison. Knows no HTTP, Redis, store or employee.
export * from './analyse.js';
export * from './compare.js';
export { cropToJpeg } from './decode.js';
export {
  createEngine,
  EMBEDDING_LENGTH,
  type Engine,
  type EngineOptions,
  type ExecutionProvider,
  ExecutionProviderError,
} from './engine.js';
export { ModelFileError, type Precision } from './models.js';
export type { FaceQuality } from './quality.js';
export type { Box, Landmarks } from './yunet.js';
