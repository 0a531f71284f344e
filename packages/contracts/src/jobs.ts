import { z } from 'zod';
import { employeeIdSchema } from './employee-id.js';

/**
 * The newest version of a job payload that is understood, with those before it, so that workers can be renewed before APIs; a
 * newer one is left for a newer worker.
 */
export const JOB_VERSION = 3;
const OLDEST_JOB_VERSION = 1;

/**
 * The version that each kind of job is written as: the one in which it got its present form. So only what has changed is left
 * for a newer worker, and all else is still done by an older one.
 */
const WRITTEN_VERSIONS = { verify: 2, enrol: 2, compare: 2, identify: 2, assess: 3 } as const;

/** Which reply the caller speaks: the original endpoint's, or `/v1`. */
export const dialectSchema = z.enum(['original', 'v1']);
export type Dialect = z.infer<typeof dialectSchema>;

/** Who made the job. Neither name is a secret; the address is not told. */
export const jobOriginSchema = z.object({
  /** Id of the access token, null where none was needed. */
  tokenId: z.string().nullable(),
  gate: z.string().nullable(),
});
export type JobOrigin = z.infer<typeof jobOriginSchema>;

const jobBase = {
  version: z.number().int().min(OLDEST_JOB_VERSION).max(JOB_VERSION),
  id: z.uuid(),
  requestId: z.string(),
  dialect: dialectSchema,
  origin: jobOriginSchema.default({ tokenId: null, gate: null }),
  /** Milliseconds since the epoch, by Redis' clock, which all machines share. */
  submittedAt: z.number(),
  /** By the same clock; a worker that takes the job later ends it as expired. */
  deadline: z.number(),
  /** Where the uploaded photos wait, in the order of the request. */
  imageKeys: z.array(z.string()).min(1),
  /** Where the job's end is told. May hold a secret of the caller's: never logged. */
  callbackUrl: z.string().optional(),
};

/** What every version of a job has. */
export const jobEnvelopeSchema = z.object({ version: z.number().int(), id: z.uuid(), deadline: z.number() });

/** Is the photo of this employee? */
export const verificationJobSchema = z.object({ ...jobBase, kind: z.literal('verify'), employeeId: employeeIdSchema });
export type VerificationJob = z.infer<typeof verificationJobSchema>;

/** Make the photos references of this employee. */
export const enrolmentJobSchema = z.object({
  ...jobBase,
  kind: z.literal('enrol'),
  employeeId: employeeIdSchema,
  /** Take photos that do not resemble the employee's others. */
  force: z.boolean(),
});
export type EnrolmentJob = z.infer<typeof enrolmentJobSchema>;

/** Do the two photos show one person? */
export const comparisonJobSchema = z.object({ ...jobBase, kind: z.literal('compare') });
export type ComparisonJob = z.infer<typeof comparisonJobSchema>;

/** Who of all employees is in the photo? */
export const identificationJobSchema = z.object({
  ...jobBase,
  kind: z.literal('identify'),
  /** How many candidates to name at most. */
  limit: z.number().int().positive(),
});
export type IdentificationJob = z.infer<typeof identificationJobSchema>;

/** Would the photo be fit as a reference, whoever's it is? */
export const assessmentJobSchema = z.object({ ...jobBase, kind: z.literal('assess') });
export type AssessmentJob = z.infer<typeof assessmentJobSchema>;

/** What crosses the queue to a worker: ids and keys only, never image bytes or embeddings. */
export const jobSchema = z.discriminatedUnion('kind', [
  verificationJobSchema,
  enrolmentJobSchema,
  comparisonJobSchema,
  identificationJobSchema,
  assessmentJobSchema,
]);
export type Job = z.infer<typeof jobSchema>;
export type JobKind = Job['kind'];

/** The version to write a job of this kind as. */
export function versionOf(kind: JobKind): number {
  return WRITTEN_VERSIONS[kind];
}

/** The employee a job is about, if it is about one. */
export function employeeOf(job: Job): string | undefined {
  return 'employeeId' in job ? job.employeeId : undefined;
}

/** Of a job, what its replies are made of besides its end. */
export interface JobRef extends Pick<Job, 'id' | 'requestId' | 'dialect' | 'origin'> {
  readonly employeeId?: string;
  readonly imageKeys?: readonly string[];
  readonly callbackUrl?: string | undefined;
}
