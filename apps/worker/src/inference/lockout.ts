import type { Job, Outcome } from '@rollcall/contracts';
import { attemptOf, type Lockouts } from '@rollcall/platform';
import type { Handled, LoadPhotos } from './job-handler.js';

/**
 * A verification or identification that is refused while too many have failed, and counted when it fails. Checked here, at
 * the decision, because any number of requests may have passed the API's check before the first of them was decided.
 */
export function withLockout<J extends Job>(
  decide: (job: J, photos: LoadPhotos) => Promise<Handled>,
  lockouts: Pick<Lockouts, 'lockedFor' | 'failed'>,
): (job: J, photos: LoadPhotos) => Promise<Handled> {
  return async (job, photos) => {
    const attempt = attemptOf(job, job.origin);
    if (!attempt) return decide(job, photos);
    if ((await lockouts.lockedFor(attempt)) !== undefined) {
      return { outcome: { kind: 'refused', code: 'verification_locked' } };
    }
    const handled = await decide(job, photos);
    if (isFailedGuess(handled.outcome)) await lockouts.failed(attempt);
    return handled;
  };
}

/** A face was shown, and it was not the right one. A photo without a face is no guess. */
function isFailedGuess(outcome: Outcome): boolean {
  if (outcome.kind !== 'decided' && outcome.kind !== 'identified') return false;
  return outcome.reason === 'not_matched' || outcome.reason === 'face_too_small';
}
