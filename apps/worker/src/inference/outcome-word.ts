import type { Outcome } from '@rollcall/contracts';

/** An outcome in one word of a small fixed set, for logs and metrics. */
export function wordOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'decided':
    case 'compared':
      return outcome.reason ?? 'verified';
    case 'identified':
      return outcome.reason ?? 'identified';
    case 'assessed':
      return outcome.refusals.length === 0 ? 'fit' : 'unfit';
    case 'enrolled': {
      const became = (status: string) => outcome.photos.some((photo) => photo.status === status);
      return ['added', 'replaced', 'unchanged'].find(became) ?? 'refused';
    }
    case 'refused':
      return outcome.code;
    case 'expired':
      return 'expired';
  }
}
