import { EMBEDDING_LENGTH } from '@rollcall/face-core';

/** An employee whom a probe may show. */
export interface Candidate {
  readonly employeeId: string;
  /** File name of the reference photo nearest to the probe. */
  readonly photo: string;
  /** Cosine distance of the probe to that photo's face: 0 to 2. */
  readonly distance: number;
}

export interface CandidateOptions {
  /** How many candidates at most. Meant for a handful: each costs a comparison with every other. */
  readonly limit: number;
  /** The distance up to which an employee is a candidate. */
  readonly maxDistance: number;
  /** An employee who is not looked for. */
  readonly except?: string | undefined;
}

/** What is kept of a reference photo. */
export interface MatrixRow {
  readonly photo: string;
  /** 128 numbers of length 1. */
  readonly embedding: Float32Array;
}

export interface EmbeddingMatrix {
  /**
   * Makes `references` all that is known of the employee.
   * @throws GalleryFullError when they do not fit; what was known before is then unchanged.
   */
  set(employeeId: string, references: readonly MatrixRow[]): void;
  remove(employeeId: string): void;
  /** The employees nearest to the probe, nearest first; each one's nearest reference decides. */
  search(probe: Float32Array, options: CandidateOptions): Candidate[];
  /** How many references it holds. */
  readonly size: number;
}

/** There are more reference photos than may be held in memory. */
export class GalleryFullError extends Error {
  constructor(maxReferences: number) {
    super(`There are more than ${maxReferences} reference photos; the others cannot be searched.`);
    this.name = 'GalleryFullError';
  }
}

/** 51 MB. */
const DEFAULT_MAX_REFERENCES = 100_000;
const FIRST_CAPACITY = 1024;

/** Every known embedding as a row of one array, so that a probe is compared with all of them in one pass over memory. */
export function createEmbeddingMatrix(maxReferences = DEFAULT_MAX_REFERENCES): EmbeddingMatrix {
  let values = new Float32Array(0);
  /** Whose each row is; as long as there are rows. */
  const owners: { readonly employeeId: string; readonly photo: string }[] = [];
  /** Every employee's rows, in no order. */
  const rowsOf = new Map<string, number[]>();

  /** Room for `rows`, doubled each time, so that growing to n rows copies fewer than 2n. */
  function reserve(rows: number): void {
    const capacity = values.length / EMBEDDING_LENGTH;
    if (rows <= capacity) return;
    const grown = new Float32Array(
      Math.min(maxReferences, Math.max(FIRST_CAPACITY, rows, 2 * capacity)) * EMBEDDING_LENGTH,
    );
    grown.set(values.subarray(0, owners.length * EMBEDDING_LENGTH));
    values = grown;
  }

  function append(employeeId: string, { photo, embedding }: MatrixRow): number {
    const row = owners.push({ employeeId, photo }) - 1;
    values.set(embedding, row * EMBEDDING_LENGTH);
    return row;
  }

  /** The last row moves to the removed one's place, so that there are no holes, nor anything left of who is erased. */
  function removeRow(row: number): void {
    const last = owners.length - 1;
    const owner = owners.pop();
    if (owner && row !== last) {
      owners[row] = owner;
      values.copyWithin(row * EMBEDDING_LENGTH, last * EMBEDDING_LENGTH, (last + 1) * EMBEDDING_LENGTH);
      const rows = rowsOf.get(owner.employeeId);
      if (rows) rows[rows.indexOf(last)] = row;
    }
    values.fill(0, last * EMBEDDING_LENGTH, (last + 1) * EMBEDDING_LENGTH);
  }

  function remove(employeeId: string): void {
    // Taken one by one, because a removal may move the employee's own last row.
    const rows = rowsOf.get(employeeId) ?? [];
    for (let row = rows.pop(); row !== undefined; row = rows.pop()) removeRow(row);
    rowsOf.delete(employeeId);
  }

  function set(employeeId: string, references: readonly MatrixRow[]): void {
    if (references.some(({ embedding }) => embedding.length !== EMBEDDING_LENGTH)) throw wrongLength();
    const size = owners.length - (rowsOf.get(employeeId)?.length ?? 0) + references.length;
    if (size > maxReferences) throw new GalleryFullError(maxReferences);
    reserve(size);
    remove(employeeId);
    if (references.length === 0) return;
    rowsOf.set(
      employeeId,
      references.map((reference) => append(employeeId, reference)),
    );
  }

  function search(probe: Float32Array, { limit, maxDistance, except }: CandidateOptions): Candidate[] {
    if (probe.length !== EMBEDDING_LENGTH) throw wrongLength();
    const nearest: Candidate[] = [];
    if (limit < 1) return nearest;
    let furthest = maxDistance;
    for (let row = 0; row < owners.length; row++) {
      const distance = distanceTo(probe, values, row * EMBEDDING_LENGTH);
      if (distance > furthest) continue;
      const owner = owners[row];
      if (!owner || owner.employeeId === except) continue;
      enter(nearest, { ...owner, distance }, limit);
      if (nearest.length >= limit) furthest = nearest.at(-1)?.distance ?? furthest;
    }
    return nearest;
  }

  return {
    set,
    remove,
    search,
    get size() {
      return owners.length;
    },
  };
}

/** Puts the candidate in its place in the ordered list, unless the employee is already there with a nearer photo. */
function enter(nearest: Candidate[], candidate: Candidate, limit: number): void {
  const known = nearest.findIndex(({ employeeId }) => employeeId === candidate.employeeId);
  if (known >= 0) {
    if ((nearest[known] as Candidate).distance <= candidate.distance) return;
    nearest.splice(known, 1);
  }
  const place = nearest.findIndex(({ distance }) => distance > candidate.distance);
  nearest.splice(place < 0 ? nearest.length : place, 0, candidate);
  if (nearest.length > limit) nearest.pop();
}

/**
 * Cosine distance of the probe to the unit vector that begins at `offset`. Four sums, because an addition to one sum
 * has to wait for the addition before: twice as fast as one.
 */
function distanceTo(probe: Float32Array, values: Float32Array, offset: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < probe.length; i += 4) {
    a += (probe[i] as number) * (values[offset + i] as number);
    b += (probe[i + 1] as number) * (values[offset + i + 1] as number);
    c += (probe[i + 2] as number) * (values[offset + i + 2] as number);
    d += (probe[i + 3] as number) * (values[offset + i + 3] as number);
  }
  return Math.min(2, Math.max(0, 1 - (a + b + (c + d))));
}

function wrongLength(): RangeError {
  return new RangeError(`an embedding has ${EMBEDDING_LENGTH} numbers`);
}
