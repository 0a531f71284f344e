import { cosineDistance, EMBEDDING_LENGTH, normalise } from '@rollcall/face-core';
import { describe, expect, it } from 'vitest';
import { createEmbeddingMatrix, GalleryFullError, type MatrixRow } from './embedding-matrix.js';

const EVERYBODY = { limit: 100, maxDistance: 2 };

/** A unit vector at a given cosine distance from the first axis; `spread` is the axis that takes the rest. */
function at(distance: number, spread = 1): Float32Array {
  const vector = new Float32Array(EMBEDDING_LENGTH);
  vector[0] = 1 - distance;
  vector[spread] = Math.sqrt(1 - (1 - distance) ** 2);
  return vector;
}

const PROBE = at(0);

function photos(...distances: number[]): MatrixRow[] {
  return distances.map((distance, i) => ({ photo: `face_${i + 1}.jpg`, embedding: at(distance, i + 1) }));
}

/** Numbers from 0 to 1, the same in every run (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function randomEmbedding(random: () => number): Float32Array {
  const vector = Float32Array.from({ length: EMBEDDING_LENGTH }, () => random() - 0.5);
  normalise(vector);
  return vector;
}

describe('embedding matrix', () => {
  it('finds nobody in nothing', () => {
    expect(createEmbeddingMatrix().search(PROBE, EVERYBODY)).toEqual([]);
  });

  it('ranks employees by their nearest reference', () => {
    const matrix = createEmbeddingMatrix();
    matrix.set('far', photos(0.9, 0.8));
    matrix.set('near', photos(0.7, 0.1, 0.5));
    matrix.set('middle', photos(0.3));
    expect(matrix.search(PROBE, EVERYBODY)).toEqual([
      { employeeId: 'near', photo: 'face_2.jpg', distance: expect.closeTo(0.1) },
      { employeeId: 'middle', photo: 'face_1.jpg', distance: expect.closeTo(0.3) },
      { employeeId: 'far', photo: 'face_2.jpg', distance: expect.closeTo(0.8) },
    ]);
  });

  it('keeps to the limit, the distance and the exception', () => {
    const matrix = createEmbeddingMatrix();
    for (const distance of [0.5, 0.2, 0.4, 0.1, 0.3]) matrix.set(`${distance}`, photos(distance, 0.9));
    const ids = (options: object) =>
      matrix.search(PROBE, { ...EVERYBODY, ...options }).map(({ employeeId }) => employeeId);
    expect(ids({ limit: 2 })).toEqual(['0.1', '0.2']);
    expect(ids({ limit: 0 })).toEqual([]);
    expect(ids({ maxDistance: 0.35 })).toEqual(['0.1', '0.2', '0.3']);
    expect(ids({ limit: 2, except: '0.1' })).toEqual(['0.2', '0.3']);
  });

  it('replaces and removes all that is known of an employee', () => {
    const matrix = createEmbeddingMatrix();
    matrix.set('one', photos(0.1, 0.2));
    matrix.set('other', photos(0.3));
    matrix.set('one', photos(0.5));
    expect(matrix.size).toBe(2);
    expect(matrix.search(PROBE, EVERYBODY).map(({ employeeId }) => employeeId)).toEqual(['other', 'one']);
    matrix.remove('one');
    matrix.remove('nobody');
    matrix.set('other', []);
    expect(matrix.size).toBe(0);
    expect(matrix.search(PROBE, EVERYBODY)).toEqual([]);
  });

  it('refuses what does not fit and keeps what it had', () => {
    const matrix = createEmbeddingMatrix(3);
    matrix.set('one', photos(0.1, 0.2));
    expect(() => matrix.set('other', photos(0.3, 0.4))).toThrow(GalleryFullError);
    expect(() => matrix.set('one', photos(0.1, 0.2, 0.3, 0.4))).toThrow('more than 3 reference photos');
    expect(matrix.size).toBe(2);
    matrix.set('other', photos(0.3));
    matrix.set('one', photos(0.4, 0.5));
    expect(matrix.search(PROBE, EVERYBODY).map(({ distance }) => distance)).toEqual([
      expect.closeTo(0.3),
      expect.closeTo(0.4),
    ]);
  });

  it('refuses what is no embedding', () => {
    const matrix = createEmbeddingMatrix();
    const short = new Float32Array(4);
    expect(() => matrix.set('one', [{ photo: 'face_1.jpg', embedding: short }])).toThrow(RangeError);
    expect(() => matrix.search(short, EVERYBODY)).toThrow(RangeError);
  });

  it('finds the same as comparing one by one, whatever came and went', () => {
    const random = createRandom(1);
    const matrix = createEmbeddingMatrix();
    const expected = new Map<string, MatrixRow[]>();
    for (let i = 0; i < 2000; i++) {
      const employeeId = `${Math.floor(random() * 300)}`;
      const count = Math.floor(random() * 6);
      const rows = Array.from({ length: count }, (_, n) => ({
        photo: `face_${n}`,
        embedding: randomEmbedding(random),
      }));
      matrix.set(employeeId, rows);
      if (count > 0) expected.set(employeeId, rows);
      else expected.delete(employeeId);
    }
    expect(matrix.size).toBe([...expected.values()].flat().length);

    const probe = randomEmbedding(random);
    const candidates = [...expected].map(([employeeId, rows]) => {
      const [best] = rows
        .map(({ photo, embedding }) => ({ employeeId, photo, distance: cosineDistance(probe, embedding) }))
        .sort((a, b) => a.distance - b.distance);
      return best as NonNullable<typeof best>;
    });
    candidates.sort((a, b) => a.distance - b.distance);
    const closeTo = candidates.map(({ distance, ...of }) => ({ ...of, distance: expect.closeTo(distance, 6) }));
    expect(matrix.search(probe, { limit: 10, maxDistance: 2 })).toEqual(closeTo.slice(0, 10));
    expect(matrix.search(probe, { limit: 1000, maxDistance: 2 })).toEqual(closeTo);
  });
});
