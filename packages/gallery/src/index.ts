// Who is known: employees' reference photos, their embeddings, and the rules for a new one.
export { type Candidate, GalleryFullError } from './embedding-matrix.js';
export { createEnrol, type Enrol, type EnrolRequest } from './enrol.js';
export { createGallery, type Gallery, type Reference } from './gallery.js';
export { createGalleryIndex, type GalleryIndex, type GalleryIndexOptions } from './gallery-index.js';
export { assess, DEFAULT_QUALITY_LIMITS, type QualityLimits, toWireQuality } from './quality-gate.js';
export { faceLandmarks, facialArea } from './reference-record.js';
export type { ReferenceStore } from './store.js';
