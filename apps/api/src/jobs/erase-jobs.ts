import { setTimeout as sleep } from 'node:timers/promises';
import { employeeOf, jobSchema, outcomeSchema } from '@rollcall/contracts';
import type { Job as BullJob, JobType, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { removeCopiedOutcomes } from '../callbacks/copied-outcomes.js';
import { ErasureIncompleteError } from './ports.js';

const STATES: JobType[] = ['waiting', 'prioritized', 'delayed', 'active', 'completed', 'failed'];
const PAGE = 500;

/** How long a running job may take to end before the erasure gives up on it; the caller is told to ask again. */
const ACTIVE_PATIENCE_MS = 8_000;

/**
 * Removes every trace of an employee from the queue: jobs about them in any state, outcomes that name them, and the events
 * of both. Reads the whole queue, which is rare and bounded (100,000 kept jobs), rather than burden every verification with
 * an index.
 *
 * @throws {ErasureIncompleteError} when a job of the employee was still running after {@link ACTIVE_PATIENCE_MS}.
 */
export async function eraseJobs(queue: Queue, redis: Redis, employeeId: string) {
  const erased = new Set<string>();
  const uploadKeys: string[] = [];
  const deadline = Date.now() + ACTIVE_PATIENCE_MS;
  for (;;) {
    let running = 0;
    for (const job of await findJobs(queue, employeeId)) {
      if (await remove(job)) {
        erased.add(job.id ?? '');
        uploadKeys.push(...(jobSchema.safeParse(job.data).data?.imageKeys ?? []));
      } else running++;
    }
    if (running === 0) break;
    if (Date.now() > deadline) throw new ErasureIncompleteError('a job of the employee is still running');
    await sleep(50);
  }
  await removeCopiedOutcomes(redis, [...erased]);
  await eraseEvents(queue, redis, erased);
  return { jobs: erased.size, uploadKeys };
}

async function findJobs(queue: Queue, employeeId: string): Promise<BullJob[]> {
  const found: BullJob[] = [];
  for (const state of STATES) {
    for (let start = 0; ; start += PAGE) {
      const page: (BullJob | undefined)[] = await queue.getJobs([state], start, start + PAGE - 1);
      found.push(...page.filter((job): job is BullJob => job !== undefined && concerns(job, employeeId)));
      if (page.length < PAGE) break;
    }
  }
  return found;
}

function concerns(job: BullJob, employeeId: string): boolean {
  const payload = jobSchema.safeParse(job.data);
  if (payload.success && employeeOf(payload.data) === employeeId) return true;
  const outcome = outcomeSchema.safeParse(job.returnvalue);
  if (!outcome.success) return false;
  if (outcome.data.kind === 'identified') {
    return outcome.data.candidates.some((candidate) => candidate.employee_id === employeeId);
  }
  if (outcome.data.kind !== 'enrolled') return false;
  // A warning names the people who look alike.
  return outcome.data.photos.some(({ warnings }) => warnings.some((warning) => warning.employee_id === employeeId));
}

/** False while a worker holds the job. */
async function remove(job: BullJob): Promise<boolean> {
  try {
    await job.remove();
    return true;
  } catch {
    return false;
  }
}

async function eraseEvents(queue: Queue, redis: Redis, jobIds: ReadonlySet<string>): Promise<void> {
  if (jobIds.size === 0) return;
  const stream = queue.toKey('events');
  const entries = await redis.xrange(stream, '-', '+');
  const told = entries.filter(([, fields]) => {
    const at = fields.indexOf('jobId');
    // Whoever waits for a removed job still has to hear of it; that entry holds nothing but the job's id.
    return at >= 0 && jobIds.has(fields[at + 1] ?? '') && !fields.includes('removed');
  });
  for (let start = 0; start < told.length; start += PAGE) {
    await redis.xdel(stream, ...told.slice(start, start + PAGE).map(([id]) => id));
  }
}
