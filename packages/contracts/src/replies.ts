import { z } from 'zod';
import type { ErrorCode } from './errors.js';
import { ERRORS } from './errors.js';
import { reasonSchema } from './reasons.js';
import { facialAreaSchema, verificationResultSchema } from './verification.js';

/** `POST /recognize_face`, 200. */
export const recognizedReplySchema = z.object({
  message: z.literal('Face recognized successfully'),
  employee_id: z.string(),
  verification_result: verificationResultSchema,
});

/** `POST /recognize_face`, 400 when the face is not the employee's. */
export const notRecognizedReplySchema = z.object({
  message: z.literal('Face not recognized'),
  reason: reasonSchema,
  verification_result: verificationResultSchema,
});

/** `POST /recognize_face`, every error. */
export const originalErrorReplySchema = z.object({ error: z.string() });

/** 202 of either endpoint. */
export const acceptedReplySchema = z.object({
  job_id: z.uuid(),
  status: z.enum(['queued', 'active']),
  status_url: z.string(),
});

/** `POST /v1/verifications`, 200. */
export const verificationReplySchema = z.object({
  job_id: z.uuid(),
  employee_id: z.string(),
  verified: z.boolean(),
  reason: reasonSchema.nullable(),
  distance: z.number().nullable(),
  threshold: z.number(),
  model: z.string(),
  similarity_metric: z.string(),
  probe: facialAreaSchema.nullable(),
  reference: z.object({ photo: z.string(), face: facialAreaSchema }).nullable(),
  /** Seconds a worker spent on this verification. */
  time: z.number(),
});
export type VerificationReply = z.infer<typeof verificationReplySchema>;

const errorCodes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** RFC 9457 problem details: every error below `/v1`. */
export const problemSchema = z.object({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  code: z.enum(errorCodes),
  retryable: z.boolean(),
  request_id: z.string(),
});
export type Problem = z.infer<typeof problemSchema>;

export const jobStatusSchema = z.enum(['queued', 'active', 'succeeded', 'failed', 'expired']);
export type JobStatus = z.infer<typeof jobStatusSchema>;

/** `GET /v1/jobs/{id}`: once ended, `result` and the status and body that the synchronous call would have given. */
export const jobReplySchema = z.object({
  job_id: z.uuid(),
  status: jobStatusSchema,
  status_url: z.string(),
  /** Present when the job succeeded with a decision. */
  result: verificationReplySchema.optional(),
  /** Present when the job has ended. */
  response: z
    .object({
      status: z.number(),
      body: z.union([
        recognizedReplySchema,
        notRecognizedReplySchema,
        originalErrorReplySchema,
        verificationReplySchema,
        problemSchema,
      ]),
    })
    .optional(),
});
export type JobReply = z.infer<typeof jobReplySchema>;

/** `GET /readyz`: 200 when every check is `ok`, else 503. */
export const readinessReplySchema = z.object({
  status: z.enum(['ready', 'not_ready']),
  checks: z.record(z.enum(['redis', 'store', 'workers']), z.object({ ok: z.boolean(), detail: z.string() })),
});
export type ReadinessReply = z.infer<typeof readinessReplySchema>;
