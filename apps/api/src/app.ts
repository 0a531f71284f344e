import { BlobStoreError, type Logger } from '@rollcall/platform';
import { Hono } from 'hono';
import type { Directory } from './employees/directory.js';
import type { Erase } from './employees/erase.js';
import { type ApiEnvironment, requestLog, sendError } from './http/context.js';
import { employeeRoutes } from './http/employees.js';
import { type ReadinessChecks, readiness } from './http/health.js';
import { jobHandler } from './http/jobs.js';
import { describeApi } from './http/openapi.js';
import { SUBMISSIONS, type SubmissionEndpoint, submissionHandler } from './http/submissions.js';
import { ErasureIncompleteError, type JobQueue, QueueUnavailableError } from './jobs/ports.js';
import type { Submit } from './jobs/submit.js';
import type { Waiters } from './jobs/waiters.js';

export interface AppDependencies {
  readonly submit: Submit;
  readonly queue: JobQueue;
  readonly waiters: Waiters;
  readonly directory: Directory;
  readonly erase: Erase;
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

  const submissions: Readonly<Record<string, SubmissionEndpoint>> = {
    '/recognize_face': SUBMISSIONS.original,
    '/v1/verifications': SUBMISSIONS.verification,
    '/v1/comparisons': SUBMISSIONS.comparison,
    '/v1/identifications': SUBMISSIONS.identification,
    '/v1/employees/:id/faces': SUBMISSIONS.enrolment,
  };
  for (const [path, endpoint] of Object.entries(submissions)) app.post(path, submissionHandler(endpoint, dependencies));
  app.route('/v1/employees', employeeRoutes(dependencies));
  app.get('/v1/jobs/:id', jobHandler(dependencies));

  const description = describeApi();
  app.get('/openapi.json', (c) => c.json(description));
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    const reply = await readiness(checks);
    return c.json(reply, reply.status === 'ready' ? 200 : 503);
  });

  for (const path of [...Object.keys(submissions), '/v1/jobs/:id', '/v1/employees', '/v1/employees/:id']) {
    app.all(path, (c) => sendError(c, 'method_not_allowed'));
  }
  app.notFound((c) => sendError(c, 'route_not_found'));
  app.onError((error, c) => {
    if (error instanceof ErasureIncompleteError) return sendError(c, 'erasure_incomplete');
    if (error instanceof QueueUnavailableError || !dependencies.queue.available()) {
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
