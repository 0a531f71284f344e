import { cosineDistance } from '@rollcall/face-core';
import { createDistanceHistogram, type DistanceHistogram } from './histogram.js';

/** What is compared of a photo. */
export interface Embedded {
  readonly person: string;
  /** 128 numbers of length 1. */
  readonly embedding: Float32Array;
}

export interface Pair<T> {
  readonly one: T;
  readonly other: T;
  /** Cosine distance, 0 to 2. */
  readonly distance: number;
}

/** Every photo with every other. */
export interface Comparisons {
  /** Pairs of photos of one person. */
  readonly genuine: DistanceHistogram;
  /** Pairs of photos of two people. */
  readonly impostor: DistanceHistogram;
  readonly people: number;
  /** People with two photos or more. */
  readonly peopleWithPairs: number;
}

export interface ComparedPhotos<T> extends Comparisons {
  /** Of one person, the farthest apart first. */
  readonly hardestGenuine: readonly Pair<T>[];
  /** Of two people, the nearest first. */
  readonly hardestImpostor: readonly Pair<T>[];
}

/** @param keep how many of the hardest pairs to tell of each kind */
export function compareAll<T extends Embedded>(photos: readonly T[], keep: number): ComparedPhotos<T> {
  const genuine = createDistanceHistogram();
  const impostor = createDistanceHistogram();
  const hardestGenuine = createSelection<T>(keep, (distance) => -distance);
  const hardestImpostor = createSelection<T>(keep, (distance) => distance);
  for (const [index, one] of photos.entries()) {
    for (let next = index + 1; next < photos.length; next++) {
      const other = photos[next] as T;
      const isGenuine = one.person === other.person;
      const distance = cosineDistance(one.embedding, other.embedding);
      (isGenuine ? genuine : impostor).add(distance);
      (isGenuine ? hardestGenuine : hardestImpostor).offer({ one, other, distance });
    }
  }
  const counts = new Map<string, number>();
  for (const { person } of photos) counts.set(person, (counts.get(person) ?? 0) + 1);
  return {
    genuine,
    impostor,
    people: counts.size,
    peopleWithPairs: [...counts.values()].filter((count) => count > 1).length,
    hardestGenuine: hardestGenuine.pairs,
    hardestImpostor: hardestImpostor.pairs,
  };
}

/** The pairs of the lowest order, in order. */
function createSelection<T>(keep: number, orderOf: (distance: number) => number) {
  const pairs: Pair<T>[] = [];
  return {
    pairs: pairs as readonly Pair<T>[],
    offer(pair: Pair<T>) {
      const last = pairs.at(-1);
      if (keep === 0 || (pairs.length === keep && last && orderOf(pair.distance) >= orderOf(last.distance))) return;
      const place = pairs.findIndex(({ distance }) => orderOf(distance) > orderOf(pair.distance));
      pairs.splice(place === -1 ? pairs.length : place, 0, pair);
      if (pairs.length > keep) pairs.pop();
    },
  };
}
