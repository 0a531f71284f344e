import { type EnrolmentReason, embeddingKey, employeePrefix } from '@rollcall/contracts';
import type { PhotoAnalyser, PhotoAnalysis } from '@rollcall/face-core';
import { contentHash, encodeRecord, recordOf } from './reference-record.js';
import type { ReferenceStore } from './store.js';

/** What became of a photo that was to be a reference. */
export type EnrolmentResult =
  | { readonly kind: 'added' | 'replaced' | 'unchanged' }
  | { readonly kind: 'refused'; readonly reason: EnrolmentReason };

export interface EnrolOptions {
  readonly store: ReferenceStore;
  readonly analyser: PhotoAnalyser;
}

/**
 * Stores `bytes` as the employee's reference photo `name` (`face_*`) with its embedding, unless the photo is unfit. A
 * photo that is already there with the same content is left alone, so that doing it twice changes nothing.
 */
export type Enrol = (employeeId: string, name: string, bytes: Uint8Array) => Promise<EnrolmentResult>;

export function createEnrol({ store, analyser }: EnrolOptions): Enrol {
  return async (employeeId, name, bytes) => {
    const photoKey = employeePrefix(employeeId) + name;
    const present = await store.get(photoKey);
    if (present && contentHash(present.bytes) === contentHash(bytes)) return { kind: 'unchanged' };

    const analysis = await analyser.analyse(bytes);
    const reason = refusal(analysis);
    if (reason) return { kind: 'refused', reason };

    const { etag } = await store.put(photoKey, bytes);
    await store.put(embeddingKey(photoKey), encodeRecord(recordOf(bytes, etag, analysis)));
    return { kind: present ? 'replaced' : 'added' };
  };
}

/** The rules for a reference photo, in one place. */
function refusal(analysis: PhotoAnalysis): EnrolmentReason | undefined {
  if (analysis.kind === 'unreadable') return 'unreadable_image';
  if (analysis.kind === 'no_face') return 'no_face';
  return analysis.ambiguous ? 'multiple_faces' : undefined;
}
