/**
 * Object keys, the same in every store. `employees/{id}/face_*` is the folder layout of the service that Rollcall
 * replaces, so that such a folder can be copied in as it is; what Rollcall adds to a folder lies below `.rollcall/`.
 */

export const EMPLOYEES_PREFIX = 'employees/';
export const UPLOADS_PREFIX = 'uploads/';

const EMBEDDING_FOLDER = '.rollcall/';
const EMBEDDING_SUFFIX = '.embedding.json';
const REFERENCE_NAME = /^face_[^/]*$/;

/** Prefix of everything stored for one employee. */
export function employeePrefix(employeeId: string): string {
  return `${EMPLOYEES_PREFIX}${employeeId}/`;
}

/** Key of a probe photo, from its upload until its job has ended. */
export function uploadKey(jobId: string): string {
  return `${UPLOADS_PREFIX}${jobId}`;
}

/** Key of the embedding that belongs to a reference photo, e.g. `employees/7/.rollcall/face_1.jpg.embedding.json`. */
export function embeddingKey(photoKey: string): string {
  const slash = photoKey.lastIndexOf('/') + 1;
  return `${photoKey.slice(0, slash)}${EMBEDDING_FOLDER}${photoKey.slice(slash)}${EMBEDDING_SUFFIX}`;
}

/** True when `key` is a reference photo directly inside the folder `prefix`. */
export function isReferencePhoto(prefix: string, key: string): boolean {
  return key.startsWith(prefix) && REFERENCE_NAME.test(key.slice(prefix.length));
}

/** The reference photo that an embedding key belongs to, or undefined when `key` is no embedding of folder `prefix`. */
export function photoOfEmbedding(prefix: string, key: string): string | undefined {
  const folder = `${prefix}${EMBEDDING_FOLDER}`;
  if (!key.startsWith(folder) || !key.endsWith(EMBEDDING_SUFFIX)) return undefined;
  return prefix + key.slice(folder.length, -EMBEDDING_SUFFIX.length);
}
