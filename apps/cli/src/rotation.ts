import { EMPLOYEES_PREFIX, employeePrefix, photoOfEmbedding } from '@rollcall/contracts';
import type { EncryptedBlobStore, Erasures } from '@rollcall/platform';

export interface RotationOptions {
  readonly store: Pick<EncryptedBlobStore, 'isCurrent' | 'reencrypt' | 'delete'>;
  readonly erasures: Pick<Erasures, 'erasedLately'>;
}

/**
 * What became of an object: it was encrypted with the first key now or earlier, it is gone with its erased employee, or it is
 * left for later.
 */
export type Rotated = 'encrypted' | 'current' | 'erased' | 'left';

/**
 * Encrypts an employee's object with the first key. Nobody comes back: an erasure leaves its mark before it deletes. No mark
 * after the writing means that the deletion is still to come and takes what was written; with one, it is deleted here. What
 * is marked beforehand is not touched. Only a process killed between the writing and that look can bring an object back.
 */
export function createRotation({ store, erasures }: RotationOptions): (key: string) => Promise<Rotated> {
  return async (key) => {
    const erased = async () => (await Promise.all(subjectsOf(key).map(erasures.erasedLately))).includes(true);
    const deleteIfErased = async () => {
      if (!(await erased())) return false;
      await store.delete([key]);
      return true;
    };
    if (await erased()) return stateOf(await store.isCurrent(key));
    try {
      if (!(await store.reencrypt(key))) return 'current';
    } catch (error) {
      // A write that fails may have been carried out all the same.
      await deleteIfErased();
      throw error;
    }
    return (await deleteIfErased()) ? 'erased' : 'encrypted';
  };
}

function stateOf(isCurrent: boolean | undefined): Rotated {
  if (isCurrent === undefined) return 'erased';
  return isCurrent ? 'current' : 'left';
}

/** Whose erasure takes the object away: the employee's and, of a photo or its embedding, the photo's. */
function subjectsOf(key: string): string[] {
  const [employeeId = ''] = key.slice(EMPLOYEES_PREFIX.length).split('/');
  return [employeeId, photoOfEmbedding(employeePrefix(employeeId), key) ?? key];
}
