import { employeeOf, type Job, type JobKind, type Outcome } from '@rollcall/contracts';
import type { AuditAction, AuditEntry, AuditLog } from '@rollcall/platform';
import type { JobEnd } from './ports.js';
import type { Waiters } from './waiters.js';

/** Keeps the audit log's account of jobs: who asked for one, and what was decided. */
export interface Journal {
  /** Notes that the job was accepted, and later how it ended, whether or not anybody waits for it. */
  accepted(job: Job, address: string): Promise<void>;
}

export interface JournalOptions {
  readonly audit: Pick<AuditLog, 'record'>;
  readonly waiters: Waiters;
  /** After this a job that has not ended is not followed any more. */
  readonly followMs: number;
}

/** What the audit log calls each kind of job. */
export const ACTIONS: Readonly<Record<JobKind, AuditAction>> = {
  verify: 'verify',
  compare: 'compare',
  identify: 'identify',
  enrol: 'enroll',
  assess: 'assess',
};

export function createJournal({ audit, waiters, followMs }: JournalOptions): Journal {
  return {
    async accepted(job, address) {
      const { tokenId, gate } = job.origin;
      const common: Omit<AuditEntry, 'outcome'> = {
        action: ACTIONS[job.kind],
        token: tokenId,
        gate,
        address,
        job_id: job.id,
        request_id: job.requestId,
      };
      const employee = employeeOf(job) ?? null;
      // Followed from before the note, so that no end is missed; every end comes after the note.
      void waiters.wait(job.id, { timeoutMs: followMs, patient: true }).then((end) => {
        if (end) void audit.record({ ...common, employee, ...decisionOf(end) });
      });
      await audit.record({ ...common, employee, outcome: 'accepted' });
    },
  };
}

type Decision = Pick<AuditEntry, 'outcome'> & Partial<Pick<AuditEntry, 'employee' | 'distance' | 'detail'>>;

function decisionOf(end: JobEnd): Decision {
  if (end.kind === 'failed' || end.kind === 'cancelled') return { outcome: end.kind };
  // An erased employee is not named again; the note of the acceptance has the same job id.
  if (end.kind === 'removed') return { outcome: 'employee_erased', employee: null };
  return outcomeDecision(end.outcome);
}

function outcomeDecision(outcome: Outcome): Decision {
  switch (outcome.kind) {
    case 'decided':
      return { outcome: outcome.reason ?? 'verified', distance: outcome.result.distance };
    case 'compared':
      return { outcome: outcome.reason ?? 'verified', distance: outcome.distance };
    case 'identified': {
      const nearest = outcome.candidates[0];
      if (!nearest) return { outcome: outcome.reason ?? 'not_matched' };
      return { outcome: 'identified', employee: nearest.employee_id, distance: nearest.distance };
    }
    case 'enrolled': {
      const count = (status: string) => outcome.photos.filter((photo) => photo.status === status).length;
      const [added, refused] = [count('added'), count('refused')];
      const detail = { added, known: outcome.photos.length - added - refused, refused };
      return { outcome: added > 0 ? 'added' : detail.known > 0 ? 'unchanged' : 'refused', detail };
    }
    case 'assessed': {
      const reasons = outcome.refusals.map(({ reason }) => reason);
      return reasons.length === 0 ? { outcome: 'fit' } : { outcome: 'unfit', detail: { reasons } };
    }
    case 'refused':
      return outcome.code === 'employee_erased' ? { outcome: outcome.code, employee: null } : { outcome: outcome.code };
    case 'expired':
      return { outcome: 'expired' };
  }
}
