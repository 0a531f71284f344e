import type { JobProgress } from '../shared/api.js';
import type { Trouble, Verdict } from './verdict.js';

/** One person's check. */
export interface Attempt {
  /** Counts up: tells the check that is on from those that are over. */
  readonly id: number;
  /** Null to find out who it is. */
  readonly employeeId: string | null;
}

/** A check with its photo, which is kept no longer than the check. */
export interface Asked extends Attempt {
  readonly photo: Blob;
  /** The Idempotency-Key of this photo. */
  readonly key: string;
  /** How often it has been sent by itself after the service asked to come again. */
  readonly repeats: number;
}

export type Phase =
  | { readonly name: 'ready' }
  /** The person looks up into the camera. */
  | { readonly name: 'aiming'; readonly attempt: Attempt }
  | { readonly name: 'asking'; readonly asked: Asked; readonly progress: JobProgress | null }
  /** Nothing is under way; somebody decides whether to try again, or the clock does. */
  | { readonly name: 'stuck'; readonly asked: Asked; readonly trouble: Trouble }
  | { readonly name: 'answered'; readonly verdict: Verdict };

export type Happening =
  | { readonly type: 'begin'; readonly attempt: Attempt }
  | { readonly type: 'photographed'; readonly id: number; readonly photo: Blob; readonly key: string }
  | { readonly type: 'progressed'; readonly id: number; readonly progress: JobProgress }
  | { readonly type: 'decided'; readonly id: number; readonly verdict: Verdict }
  | { readonly type: 'failed'; readonly id: number; readonly trouble: Trouble }
  /** @param key a new one when the old one has been used up */
  | { readonly type: 'retry'; readonly key: string; readonly isAutomatic: boolean }
  /** The next person, or a change of mind. */
  | { readonly type: 'reset' };

export const READY: Phase = { name: 'ready' };

/**
 * What comes next. Whatever belongs to another check than the one that is on changes nothing: nobody may see somebody else's
 * answer because it came late.
 */
export function next(phase: Phase, happening: Happening): Phase {
  switch (happening.type) {
    case 'begin':
      // Whoever comes next gives up what nobody decided about, but not what is under way.
      return phase.name === 'aiming' || phase.name === 'asking'
        ? phase
        : { name: 'aiming', attempt: happening.attempt };
    case 'photographed': {
      if (phase.name !== 'aiming' || phase.attempt.id !== happening.id) return phase;
      const { photo, key } = happening;
      return { name: 'asking', asked: { ...phase.attempt, photo, key, repeats: 0 }, progress: null };
    }
    case 'progressed':
      return isOn(phase, happening.id) ? { ...phase, progress: happening.progress } : phase;
    case 'decided':
      return isOn(phase, happening.id) ? { name: 'answered', verdict: happening.verdict } : phase;
    case 'failed':
      return isOn(phase, happening.id) ? { name: 'stuck', asked: phase.asked, trouble: happening.trouble } : phase;
    case 'retry': {
      if (phase.name !== 'stuck') return phase;
      const { asked } = phase;
      const repeats = happening.isAutomatic ? asked.repeats + 1 : 0;
      return { name: 'asking', asked: { ...asked, key: happening.key, repeats }, progress: null };
    }
    case 'reset':
      return READY;
  }
}

function isOn(phase: Phase, id: number): phase is Extract<Phase, { name: 'asking' }> {
  return phase.name === 'asking' && phase.asked.id === id;
}
