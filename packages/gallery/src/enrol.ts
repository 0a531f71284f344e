import { type EnrolledPhoto, embeddingKey, employeePrefix, type QualityFinding } from '@rollcall/contracts';
import { type AnalysedFace, type PhotoAnalyser, rankReferences } from '@rollcall/face-core';
import type { Candidate } from './embedding-matrix.js';
import type { Gallery, NamedRecord } from './gallery.js';
import { assess, type QualityLimits, toWireQuality } from './quality-gate.js';
import { contentHash, encodeRecord, faceLandmarks, facialArea, recordOf } from './reference-record.js';
import type { ReferenceStore } from './store.js';

/** Everybody's references, to warn of people who look alike. */
export interface LookalikeSearch {
  search(
    probe: Float32Array,
    options: { readonly limit: number; readonly maxDistance: number; readonly except: string },
  ): Promise<readonly Candidate[]>;
}

export interface EnrolOptions {
  readonly store: ReferenceStore;
  readonly analyser: PhotoAnalyser;
  readonly gallery: Gallery;
  readonly lookalikes: LookalikeSearch;
  readonly qualityLimits: QualityLimits;
  /** Cosine distance up to which two faces are one person's. */
  readonly matchDistanceThreshold: number;
}

export interface EnrolRequest {
  readonly employeeId: string;
  readonly bytes: Uint8Array;
  /** File name to store the photo under, replacing what has it; without one, the next free `face_N.jpg`. */
  readonly name?: string;
  /** Take a photo that does not resemble the employee's others. */
  readonly force: boolean;
}

/**
 * Makes a photo a reference of the employee, unless it is unfit. A photo whose content is a reference already is left
 * alone, so that doing it twice, or twice at once, changes nothing. Any number of enrolments may run at the same time.
 */
export type Enrol = (request: EnrolRequest) => Promise<EnrolledPhoto>;

/** How many people to name in a warning. */
const MAX_LOOKALIKES = 3;

export function createEnrol(options: EnrolOptions): Enrol {
  const { store, analyser, gallery, lookalikes, qualityLimits, matchDistanceThreshold } = options;

  async function differs(face: AnalysedFace, others: readonly NamedRecord[]): Promise<QualityFinding | undefined> {
    const references = others.flatMap((record) => (record.face ? [record.face] : []));
    const [nearest] = rankReferences(face.embedding, references);
    if (!nearest || nearest.distance <= matchDistanceThreshold) return undefined;
    return {
      reason: 'DIFFERENT_PERSON',
      measure: 'distance',
      value: Number(nearest.distance.toFixed(3)),
      limit: matchDistanceThreshold,
      advice: "this face does not resemble the employee's other photos; check whose it is, or enrol it with force=true",
    };
  }

  async function resembles(face: AnalysedFace, employeeId: string): Promise<QualityFinding[]> {
    const found = await lookalikes.search(face.embedding, {
      limit: MAX_LOOKALIKES,
      maxDistance: matchDistanceThreshold,
      except: employeeId,
    });
    return found.map((candidate) => ({
      reason: 'LOOKS_LIKE_ANOTHER',
      measure: 'distance',
      value: Number(candidate.distance.toFixed(3)),
      limit: matchDistanceThreshold,
      employee_id: candidate.employeeId,
      advice: `employee ${candidate.employeeId} looks so alike that each can pass as the other; add better photos of both`,
    }));
  }

  /** Stores the photo under the lowest free number; whoever loses a race for a number tries the next. */
  async function addNumbered(prefix: string, taken: ReadonlySet<string>, bytes: Uint8Array) {
    for (let number = 1; ; number++) {
      const name = `face_${number}.jpg`;
      if (taken.has(`face_${number}`)) continue;
      const put = await store.putIfAbsent(prefix + name, bytes);
      if (put) return { name, etag: put.etag };
    }
  }

  return async ({ employeeId, bytes, name, force }) => {
    const prefix = employeePrefix(employeeId);
    const hash = contentHash(bytes);
    const records = await gallery.records(await gallery.open(employeeId));
    const known = records.find(({ sha256 }) => sha256 === hash);
    if (known) return unchanged(known);

    const analysis = await analyser.analyse(bytes);
    const { refusals, warnings } = assess(analysis, qualityLimits);
    if (analysis.kind !== 'face') return refused(undefined, refusals, warnings);
    const { face } = analysis;
    const different = force
      ? undefined
      : await differs(
          face,
          records.filter(({ photo }) => photo !== name),
        );
    if (different) refusals.push(different);
    if (refusals.length > 0) return refused(face, refusals, warnings);
    warnings.push(...(await resembles(face, employeeId)));

    const taken = new Set(records.map(({ photo }) => stemOf(photo)));
    const stored = name
      ? { name, etag: (await store.put(prefix + name, bytes)).etag }
      : await addNumbered(prefix, taken, bytes);
    const record = recordOf(bytes, stored.etag, analysis);
    await store.put(embeddingKey(prefix + stored.name), encodeRecord(record, analyser.modelId));

    const now = await gallery.records(await gallery.open(employeeId));
    const twin = now.find((record) => record.sha256 === hash && comesBefore(record.photo, stored.name));
    if (twin) {
      // The same photo was enrolled at the same moment; the lower number stays.
      await store.delete([prefix + stored.name, embeddingKey(prefix + stored.name)]);
      return unchanged(twin);
    }
    return {
      status: records.some(({ photo }) => photo === stored.name) ? 'replaced' : 'added',
      face: stored.name,
      area: facialArea(face),
      landmarks: faceLandmarks(face),
      quality: toWireQuality(face.quality),
      refusals: [],
      warnings,
    };
  };
}

function unchanged({ photo, face }: NamedRecord): EnrolledPhoto {
  const area = face?.area ?? null;
  return { status: 'unchanged', face: photo, area, landmarks: null, quality: null, refusals: [], warnings: [] };
}

function refused(
  face: AnalysedFace | undefined,
  refusals: QualityFinding[],
  warnings: QualityFinding[],
): EnrolledPhoto {
  return {
    status: 'refused',
    face: null,
    area: face ? facialArea(face) : null,
    landmarks: face ? faceLandmarks(face) : null,
    quality: face ? toWireQuality(face.quality) : null,
    refusals,
    warnings,
  };
}

/** `face_1` of `face_1.jpg`: a number is taken whatever the photo's extension. */
function stemOf(name: string): string {
  return name.replace(/\.[^.]*$/, '');
}

/** Numbered photos in the order of their numbers, others by name. */
function comesBefore(one: string, other: string): boolean {
  return one.localeCompare(other, 'en', { numeric: true }) < 0;
}
