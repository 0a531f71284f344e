// Who is known: employees' reference photos, their embeddings, and the rules for a new one.
export { createEnrol, type Enrol, type EnrolmentResult } from './enrol.js';
export { createGallery, type Gallery, type Reference } from './gallery.js';
export { facialArea } from './reference-record.js';
export type { ReferenceStore } from './store.js';
