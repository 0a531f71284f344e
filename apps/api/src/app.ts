import { BlobStoreError, type Logger } from '@rollcall/platform';
import { Hono } from 'hono';
import { type ApiEnvironment, requestLog, sendError } from './http/context.js';
import { type ReadinessChecks, readiness } from './http/health.js';
import { jobHandler } from './http/jobs.js';
import { verificationHandler } from './http/verifications.js';
import { type JobQueue, QueueUnavailableError } from './jobs/ports.js';
import type { Submit } from './jobs/submit.js';
import type { Waiters } from './jobs/waiters.js';

export interface AppDependencies {
  readonly submit: Submit;
  readonly queue: JobQueue;
  readonly waiters: Waiters;
  readonly checks: ReadinessChecks;
  readonly logger: Logger;
  readonly maxUploadBytes: number;
  readonly syncTimeoutMs: number;
  readonly enforceDetection: boolean;
}

/** The HTTP interface, without a socket: `app.request()` serves tests, `serve()` the world. */
export function createApp(dependencies: AppDependencies): Hono<ApiEnvironment> {
  const { checks, logger } = dependencies;
  const app = new Hono<ApiEnvironment>();
  app.use(requestLog(logger));

  app.post('/recognize_face', verificationHandler('original', dependencies));
  app.post('/v1/verifications', verificationHandler('v1', dependencies));
  app.get('/v1/jobs/:id', jobHandler(dependencies));

  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    const reply = await readiness(checks);
    return c.json(reply, reply.status === 'ready' ? 200 : 503);
  });

  for (const path of ['/recognize_face', '/v1/verifications', '/v1/jobs/:id']) {
    app.all(path, (c) => sendError(c, 'method_not_allowed'));
  }
  app.notFound((c) => sendError(c, 'route_not_found'));
  app.onError((error, c) => {
    if (error instanceof QueueUnavailableError) {
      c.get('log').error = causeOf(error);
      return sendError(c, 'queue_unavailable');
    }
    if (error instanceof BlobStoreError) {
      c.get('log').error = error.message;
      return sendError(c, 'store_unavailable');
    }
    logger.error({ err: error, request_id: c.get('requestId') }, 'unexpected error');
    return sendError(c, 'internal_error');
  });
  return app;
}

function causeOf({ message, cause }: Error): string {
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
