/** Divides by the Euclidean length, in place, and returns that length. A zero vector is left as it is. */
export function normalise(vector: Float32Array): number {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const norm = Math.sqrt(squares);
  if (norm > 0) for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) / norm;
  return norm;
}

/** 1 − cosine similarity of two unit vectors: 0 for the same direction, 2 for the opposite. */
export function cosineDistance(one: Float32Array, other: Float32Array): number {
  if (one.length !== other.length) throw new RangeError('embeddings of different length cannot be compared');
  let dot = 0;
  for (let i = 0; i < one.length; i++) dot += (one[i] as number) * (other[i] as number);
  return Math.min(2, Math.max(0, 1 - dot));
}

/** The references with their cosine distances to the probe, the nearest first. */
export function rankReferences<T extends { readonly embedding: Float32Array }>(
  probe: Float32Array,
  references: readonly T[],
): { readonly reference: T; readonly distance: number }[] {
  return references
    .map((reference) => ({ reference, distance: cosineDistance(probe, reference.embedding) }))
    .sort((one, other) => one.distance - other.distance);
}
