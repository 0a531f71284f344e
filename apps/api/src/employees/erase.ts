import {
  type ErasureReply,
  embeddingKey,
  employeePrefix,
  isReferencePhoto,
  photoOfEmbedding,
  UPLOADS_PREFIX,
} from '@rollcall/contracts';
import type { Announcements, BlobInfo, Erasures } from '@rollcall/platform';
import type { PersonalJobs } from '../jobs/ports.js';

/** What erasure needs of the store. */
export interface ErasureStore {
  list(prefix: string): Promise<readonly BlobInfo[]>;
  delete(keys: readonly string[]): Promise<void>;
}

export interface EraseOptions {
  readonly store: ErasureStore;
  readonly jobs: PersonalJobs;
  readonly erasures: Pick<Erasures, 'mark'>;
  readonly changes: Announcements;
  /** Milliseconds since the epoch, by the clock that all machines share. */
  readonly now: () => number;
  /** Forgets the name in logs and counters. */
  readonly forget: (employeeId: string) => Promise<void>;
}

export interface Erase {
  /**
   * Erases a person: photos, embeddings, jobs and their uploads, what memory holds. Interrupted, it completes when called
   * again. @returns undefined when there was nothing at all.
   */
  employee(employeeId: string): Promise<ErasureReply | undefined>;
  /** Erases one reference photo with its embedding. @returns undefined when there is no such photo. */
  face(employeeId: string, face: string): Promise<ErasureReply | undefined>;
}

export function createErase({ store, jobs, erasures, changes, now, forget }: EraseOptions): Erase {
  return {
    async employee(employeeId) {
      // First, so that an enrolment that is running now undoes itself.
      await erasures.mark(employeeId, now());
      const prefix = employeePrefix(employeeId);
      const erased = { photos: 0, embeddings: 0, other_objects: 0, jobs: 0, uploads: 0 };
      const eraseObjects = async () => {
        const keys = (await store.list(prefix)).map(({ key }) => key);
        await store.delete(keys);
        for (const key of keys) {
          if (isReferencePhoto(prefix, key)) erased.photos++;
          else if (photoOfEmbedding(prefix, key) !== undefined) erased.embeddings++;
          else if (key !== prefix) erased.other_objects++;
        }
        return keys.length;
      };
      const found = await eraseObjects();
      const { jobs: count, uploadKeys } = await jobs.eraseJobsOf(employeeId);
      // Most were removed when their job ended; the reply counts what was still there.
      const waiting = new Set((await store.list(UPLOADS_PREFIX)).map(({ key }) => key));
      await store.delete(uploadKeys);
      erased.jobs = count;
      erased.uploads = uploadKeys.filter((key) => waiting.has(key)).length;
      // A job that ran until now may have written an embedding.
      await eraseObjects();
      await changes.announce(employeeId);
      await forget(employeeId);
      return found === 0 && count === 0 ? undefined : { employee_id: employeeId, erased };
    },

    async face(employeeId, face) {
      const prefix = employeePrefix(employeeId);
      const key = prefix + face;
      if (!isReferencePhoto(prefix, key)) return undefined;
      const keys = (await store.list(prefix)).map((object) => object.key);
      if (!keys.includes(key)) return undefined;
      // First, so that whoever has the photo in hand does not bring it back.
      await erasures.mark(key, now());
      await store.delete([key, embeddingKey(key)]);
      await changes.announce(employeeId);
      const embeddings = keys.includes(embeddingKey(key)) ? 1 : 0;
      return { employee_id: employeeId, erased: { photos: 1, embeddings, other_objects: 0, jobs: 0, uploads: 0 } };
    },
  };
}
