import { z } from 'zod';
import { employeeIdSchema } from './employee-id.js';

/** Version of the job payloads; a worker refuses what it does not know. */
export const JOB_VERSION = 1;

/** Which reply the caller speaks: the original endpoint's, or `/v1`. */
export const dialectSchema = z.enum(['original', 'v1']);
export type Dialect = z.infer<typeof dialectSchema>;

const jobBase = {
  version: z.literal(JOB_VERSION),
  id: z.uuid(),
  requestId: z.string(),
  dialect: dialectSchema,
  /** Milliseconds since the epoch. */
  submittedAt: z.number(),
  /** Milliseconds since the epoch; a worker that takes the job later ends it as expired. */
  deadline: z.number(),
  /** Where the uploaded photos wait, in the order of the request. */
  imageKeys: z.array(z.string()).min(1),
};

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

/** What crosses the queue to a worker: ids and keys only, never image bytes or embeddings. */
export const jobSchema = z.discriminatedUnion('kind', [
  verificationJobSchema,
  enrolmentJobSchema,
  comparisonJobSchema,
  identificationJobSchema,
]);
export type Job = z.infer<typeof jobSchema>;
export type JobKind = Job['kind'];

/** The employee a job is about, if it is about one. */
export function employeeOf(job: Job): string | undefined {
  return 'employeeId' in job ? job.employeeId : undefined;
}
