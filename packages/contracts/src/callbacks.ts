import { z } from 'zod';
import { jobReplySchema } from './replies.js';

/**
 * Name of the BullMQ queue of callbacks. A callback is the parent of the job whose end it tells, and has the job's id. The
 * hash tag is that of the jobs' queue, because one script ends a job and sets its callback free.
 */
export const CALLBACKS_QUEUE_NAME = '{rollcall}-callbacks';

/** What waits in that queue: where to, and nothing of what the job is about. */
export const callbackSchema = z.object({ jobId: z.uuid(), url: z.string() });
export type Callback = z.infer<typeof callbackSchema>;

/** The longest `callback_url`, in characters. */
export const MAX_CALLBACK_URL = 2048;

/** Body of the request that a callback makes. */
export const callbackEventSchema = z.discriminatedUnion('type', [
  /** `job` is what `GET /v1/jobs/{id}` answers at that time. */
  z.object({ type: z.literal('job.ended'), job_id: z.uuid(), job: jobReplySchema }),
  /** Nothing is known of the job any more: its employee was erased, or it is older than RESULT_TTL_SECONDS. */
  z.object({ type: z.literal('job.removed'), job_id: z.uuid() }),
]);
export type CallbackEvent = z.infer<typeof callbackEventSchema>;

/** `t=<seconds since the epoch>,v1=<hex HMAC-SHA256 of "<t>.<body>">` */
export const CALLBACK_SIGNATURE_HEADER = 'Rollcall-Signature';

/** The same for every attempt to deliver one callback. */
export const CALLBACK_DELIVERY_HEADER = 'Rollcall-Delivery';
