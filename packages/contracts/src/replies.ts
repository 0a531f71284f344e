import { z } from 'zod';
import type { ErrorCode } from './errors.js';
import { ERRORS } from './errors.js';
import { faceLandmarksSchema, facialAreaSchema } from './faces.js';
import { enrolledPhotoSchema, probeQualitySchema, verificationResultSchema } from './outcomes.js';
import { faceQualitySchema, qualityFindingSchema } from './quality.js';
import { reasonSchema } from './reasons.js';

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
  /** What the person in front of the camera can do about it, if anything. */
  advice: z.string().nullable(),
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
  quality: probeQualitySchema,
  reference: z.object({ photo: z.string(), face: facialAreaSchema }).nullable(),
  references: z.array(z.object({ photo: z.string(), distance: z.number() })),
  /** Seconds a worker spent on this verification. */
  time: z.number(),
});
export type VerificationReply = z.infer<typeof verificationReplySchema>;

/** `POST /v1/employees/{id}/faces`: 201 when a photo was added, 200 when all were known already. */
export const enrolmentReplySchema = z.object({
  job_id: z.uuid(),
  employee_id: z.string(),
  photos: z.array(enrolledPhotoSchema),
});
export type EnrolmentReply = z.infer<typeof enrolmentReplySchema>;

/** `POST /v1/comparisons`, 200. */
export const comparisonReplySchema = z.object({
  job_id: z.uuid(),
  verified: z.boolean(),
  reason: reasonSchema.nullable(),
  distance: z.number().nullable(),
  threshold: z.number(),
  model: z.string(),
  similarity_metric: z.string(),
  faces: z.array(facialAreaSchema.nullable()),
  qualities: z.array(probeQualitySchema),
  time: z.number(),
});
export type ComparisonReply = z.infer<typeof comparisonReplySchema>;

/** `POST /v1/identifications`, 200. */
export const identificationReplySchema = z.object({
  job_id: z.uuid(),
  reason: reasonSchema.nullable(),
  candidates: z.array(z.object({ employee_id: z.string(), photo: z.string(), distance: z.number() })),
  threshold: z.number(),
  model: z.string(),
  similarity_metric: z.string(),
  probe: facialAreaSchema.nullable(),
  quality: probeQualitySchema,
  time: z.number(),
});
export type IdentificationReply = z.infer<typeof identificationReplySchema>;

/** `POST /v1/assessments`, 200: the photo of one face, or of none. */
export const assessmentReplySchema = z.object({
  job_id: z.uuid(),
  /** Whether the photo could become somebody's reference, as far as the photo alone can tell. */
  fit: z.boolean(),
  face: facialAreaSchema.nullable(),
  landmarks: faceLandmarksSchema.nullable(),
  quality: faceQualitySchema.nullable(),
  /** Why it is not fit, the gravest first. */
  refusals: z.array(qualityFindingSchema),
  warnings: z.array(qualityFindingSchema),
  time: z.number(),
});
export type AssessmentReply = z.infer<typeof assessmentReplySchema>;

/** `GET /v1/employees`. */
export const employeesReplySchema = z.object({
  employees: z.array(z.object({ employee_id: z.string() })),
  /** Pass it as `cursor` for the next page; null on the last. */
  next_cursor: z.string().nullable(),
});
export type EmployeesReply = z.infer<typeof employeesReplySchema>;

/** `GET /v1/employees/{id}` and `GET /v1/employees/{id}/faces`. */
export const employeeReplySchema = z.object({
  employee_id: z.string(),
  faces: z.array(
    z.object({
      face: z.string(),
      bytes: z.number(),
      modified_at: z.iso.datetime(),
      photo_url: z.string(),
      /** Whether its embedding has been made; it is at the next verification at the latest. */
      embedded: z.boolean(),
    }),
  ),
});
export type EmployeeReply = z.infer<typeof employeeReplySchema>;

/** `DELETE /v1/employees/{id}` and `DELETE /v1/employees/{id}/faces/{face}`: how many of each were erased. */
export const erasureReplySchema = z.object({
  employee_id: z.string(),
  erased: z.object({
    photos: z.number(),
    embeddings: z.number(),
    other_objects: z.number(),
    jobs: z.number(),
    uploads: z.number(),
  }),
});
export type ErasureReply = z.infer<typeof erasureReplySchema>;

/** `GET /v1/audit`: lines of this API's audit log, the newest first; what is not known of a line is null. */
export const auditReplySchema = z.object({
  entries: z.array(
    z.object({
      time: z.iso.datetime(),
      action: z.string(),
      outcome: z.string(),
      /** Null when the line is about nobody, or its employee was erased. */
      employee: z.string().nullable(),
      distance: z.number().nullable(),
      gate: z.string().nullable(),
      /** Id of the access token. */
      token: z.string().nullable(),
      address: z.string().nullable(),
      request_id: z.string().nullable(),
      job_id: z.string().nullable(),
      detail: z.record(z.string(), z.unknown()).nullable(),
    }),
  ),
  /** False when the search took too long and ended before the log did: there may be older lines that fit. */
  complete: z.boolean(),
});
export type AuditReply = z.infer<typeof auditReplySchema>;

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
  /** When the request had become a job. */
  job_id: z.uuid().optional(),
  /** With `photos_refused`: what is wrong with each photo. */
  photos: z.array(enrolledPhotoSchema).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

export const jobStatusSchema = z.enum(['queued', 'active', 'succeeded', 'failed', 'expired', 'cancelled']);
export type JobStatus = z.infer<typeof jobStatusSchema>;

const resultSchema = z.union([
  verificationReplySchema,
  enrolmentReplySchema,
  identificationReplySchema,
  comparisonReplySchema,
  assessmentReplySchema,
]);

/** `GET /v1/jobs/{id}`: once ended, `result` and the status and body that the synchronous call would have given. */
export const jobReplySchema = z.object({
  job_id: z.uuid(),
  status: jobStatusSchema,
  status_url: z.string(),
  /** While queued: how many jobs are before it. Missing when they are too many to be counted. */
  position: z.number().int().nonnegative().optional(),
  /** While queued, as soon as it can be estimated. */
  estimated_wait_seconds: z.number().nonnegative().optional(),
  /** Present when the job succeeded with a result, in the words of `/v1`. */
  result: resultSchema.optional(),
  /** Present when the job has ended. */
  response: z
    .object({
      status: z.number(),
      body: z.union([
        recognizedReplySchema,
        notRecognizedReplySchema,
        originalErrorReplySchema,
        resultSchema,
        problemSchema,
      ]),
    })
    .optional(),
});
export type JobReply = z.infer<typeof jobReplySchema>;

/** `GET /healthz`, 200. */
export const livenessReplySchema = z.object({ status: z.literal('ok') });
export type LivenessReply = z.infer<typeof livenessReplySchema>;
const checkSchema = z.object({ ok: z.boolean(), detail: z.string() });

/** `GET /v1/status`: what an operator wants to see at a glance. */
export const statusReplySchema = z.object({
  version: z.string(),
  /** Of this API instance. */
  uptime_seconds: z.number().nonnegative(),
  /** Of this API instance; workers decide by theirs and tell it in every result. */
  match_distance_threshold: z.number(),
  /** The same at every API instance, but for the rate and the estimate, which each measures by itself. Null while Redis is away. */
  queue: z
    .object({
      /** Jobs that somebody waits for. */
      waiting: z.number().int().nonnegative(),
      /** Jobs that may wait. */
      background: z.number().int().nonnegative(),
      /** Jobs that a worker has in hand. */
      active: z.number().int().nonnegative(),
      /** Jobs that will be tried again. */
      delayed: z.number().int().nonnegative(),
      /** Since the oldest of the waiting and background jobs was submitted; null when there is none. */
      oldest_waiting_seconds: z.number().nonnegative().nullable(),
      /** How fast jobs end when there are enough of them; null until that has been seen. */
      jobs_per_second: z.number().nonnegative().nullable(),
      /** Until a verification that comes now would begin; null when that cannot be told. */
      estimated_wait_seconds: z.number().nonnegative().nullable(),
      /** Above this many nothing more is accepted. */
      max_waiting: z.number().int().positive(),
    })
    .nullable(),
  /** Inference processes that are connected to the queue. */
  workers: z.array(z.object({ name: z.string(), connected_seconds: z.number().nonnegative() })),
  redis: checkSchema,
  store: checkSchema,
});
export type StatusReply = z.infer<typeof statusReplySchema>;

/** `GET /readyz`: 200 when every check is `ok`, else 503. */
export const readinessReplySchema = z.object({
  status: z.enum(['ready', 'not_ready']),
  checks: z.record(z.enum(['redis', 'store', 'workers']), checkSchema),
});
export type ReadinessReply = z.infer<typeof readinessReplySchema>;
