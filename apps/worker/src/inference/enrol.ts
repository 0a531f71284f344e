import { type EnrolledPhoto, embeddingKey, employeePrefix } from '@rollcall/contracts';
import type { Enrol } from '@rollcall/gallery';
import type { UseCases } from './job-handler.js';

/** Erasures that came after a job was made. */
export interface Erasures {
  /** True when the employee was erased at or after that time (milliseconds since the epoch). */
  erasedSince(employeeId: string, time: number): Promise<boolean>;
}

/** Where references are removed from when their employee was erased meanwhile. */
export interface ReferenceRemover {
  delete(keys: readonly string[]): Promise<void>;
}

export interface EnrolJobOptions {
  readonly enrol: Enrol;
  readonly erasures: Erasures;
  readonly store: ReferenceRemover;
  /** Tells everybody that the employee's references have changed. */
  readonly announce: (employeeId: string) => Promise<void>;
}

/** Photos one after the other, so that each is held against those before it. An erased employee stays erased. */
export function createEnrolJob({ enrol, erasures, store, announce }: EnrolJobOptions): UseCases['enrol'] {
  return async ({ employeeId, force, submittedAt }, load) => {
    const erased = () => erasures.erasedSince(employeeId, submittedAt);
    const photos: EnrolledPhoto[] = [];
    for (const bytes of await load()) {
      if (await erased()) break;
      photos.push(await enrol({ employeeId, bytes, force }));
    }
    if (await erased()) {
      const prefix = employeePrefix(employeeId);
      const added = photos.flatMap(({ status, face }) => (status === 'added' && face ? [prefix + face] : []));
      await store.delete(added.flatMap((key) => [key, embeddingKey(key)]));
      return { outcome: { kind: 'refused', code: 'employee_erased' } };
    }
    if (photos.some(({ status }) => status === 'added')) await announce(employeeId);
    return { outcome: { kind: 'enrolled', photos } };
  };
}
