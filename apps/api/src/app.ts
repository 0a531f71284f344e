import type { ReadinessReply } from '@rollcall/contracts';
import {
  type AuditLog,
  BlobStoreError,
  type CallbackHost,
  type Lockouts,
  type Logger,
  type Tracing,
} from '@rollcall/platform';
import { type Handler, Hono } from 'hono';
import type { Directory } from './employees/directory.js';
import type { Erase } from './employees/erase.js';
import { type AccessOptions, guard, requires } from './http/access.js';
import { auditRoutes, type ReadAudit } from './http/audit.js';
import { auditRefusals } from './http/audit-refusals.js';
import type { ClientAddress } from './http/client-address.js';
import { type ApiEnvironment, requestLog, respond, send, sendError } from './http/context.js';
import { docsHandler } from './http/docs.js';
import { employeeRoutes } from './http/employees.js';
import { withoutDetails } from './http/health.js';
import { jobRoutes } from './http/jobs.js';
import { allowedMethods, describeApi } from './http/openapi.js';
import { pageRoutes } from './http/pages.js';
import { SUBMISSIONS, type SubmissionEndpoint, submissionHandler } from './http/submissions.js';
import type { UploadGate } from './http/upload-gate.js';
import { crossOrigin, refuseForeignPages, secureReplies, type WebOptions } from './http/web-guards.js';
import type { Admission } from './jobs/admission.js';
import type { Cancel } from './jobs/cancel.js';
import { ErasureIncompleteError, type JobQueue, QueueUnavailableError } from './jobs/ports.js';
import { createRefusalPace } from './jobs/refusal-pace.js';
import { IdempotencyKeyReusedError, ResultGoneError, type Submit } from './jobs/submit.js';
import type { Waiters } from './jobs/waiters.js';
import type { ApiMetrics } from './metrics/api-metrics.js';
import { countRequests } from './metrics/count-requests.js';
import type { SystemStatus } from './status/system-status.js';
import { traceRequests } from './tracing/trace-requests.js';

export interface AppDependencies {
  readonly submit: Submit;
  readonly cancel: Cancel;
  readonly admission: Pick<Admission, 'refuse' | 'estimate'>;
  readonly queue: JobQueue;
  readonly waiters: Waiters;
  readonly directory: Directory;
  readonly erase: Erase;
  readonly access: AccessOptions;
  readonly web: WebOptions;
  readonly clientAddress: ClientAddress;
  readonly lockouts: Pick<Lockouts, 'lockedFor'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly readAudit: ReadAudit;
  /** Shows the queues to a browser. */
  readonly queueBoard: Handler<ApiEnvironment>;
  readonly uploadGate: UploadGate;
  readonly readiness: () => Promise<ReadinessReply>;
  readonly status: SystemStatus;
  readonly metrics: ApiMetrics;
  /** Undefined: no traces. */
  readonly tracing?: Tracing | undefined;
  readonly logger: Logger;
  readonly maxUploadBytes: number;
  readonly syncTimeoutMs: number;
  readonly jobDeadlineMs: number;
  readonly enforceDetection: boolean;
  readonly callbackHosts: readonly CallbackHost[];
}

/** The HTTP interface, without a socket: `app.request()` serves tests, `serve()` the world. */
export function createApp(dependencies: AppDependencies): Hono<ApiEnvironment> {
  const { access, web, audit, readiness, metrics, tracing, logger } = dependencies;
  const app = new Hono<ApiEnvironment>();
  app.use(
    requestLog(logger, dependencies.clientAddress),
    countRequests(metrics),
    ...(tracing ? [traceRequests(tracing)] : []),
    secureReplies(web),
    crossOrigin(web),
    auditRefusals(audit),
    guard(access),
    refuseForeignPages(web),
  );

  // One for all of them: what refusals cost, they cost together.
  const paceRefusal = createRefusalPace();
  const submissions: Readonly<Record<string, SubmissionEndpoint>> = {
    '/recognize_face': SUBMISSIONS.original,
    '/v1/verifications': SUBMISSIONS.verification,
    '/v1/comparisons': SUBMISSIONS.comparison,
    '/v1/identifications': SUBMISSIONS.identification,
    '/v1/employees/:id/faces': SUBMISSIONS.enrolment,
    '/v1/assessments': SUBMISSIONS.assessment,
  };
  for (const [path, endpoint] of Object.entries(submissions)) {
    app.post(path, requires(endpoint.scope), submissionHandler(endpoint, { ...dependencies, paceRefusal }));
  }
  app.route('/v1/employees', employeeRoutes(dependencies));
  app.route('/v1/jobs', jobRoutes(dependencies));
  app.route('/v1/audit', auditRoutes(dependencies));

  app.route('/', pageRoutes());

  const description = describeApi();
  app.get('/openapi.json', (c) => send(c, { status: 200, body: description, outcome: 'described' }));
  app.get('/docs/*', docsHandler());
  app.get('/queues/*', dependencies.queueBoard);
  app.get('/healthz', (c) => send(c, { status: 200, body: { status: 'ok' }, outcome: 'ok' }));
  app.get('/readyz', async (c) => {
    const reply = await readiness();
    // Details help those who run it, and those who want to know what it runs on.
    const body = c.get('principal').allows('admin') ? reply : withoutDetails(reply);
    return send(c, { status: reply.status === 'ready' ? 200 : 503, body, outcome: reply.status });
  });

  app.get('/metrics', async (c) => {
    c.get('log').outcome = 'told';
    return respond(c, 200, await metrics.collect(), metrics.contentType);
  });
  app.get('/v1/status', requires('admin'), async (c) =>
    send(c, { status: 200, body: await dependencies.status(), outcome: 'told' }),
  );

  for (const [path, methods] of [...allowedMethods(), ['/docs/*', 'GET, HEAD'], ['/queues/*', 'GET, HEAD']] as const) {
    app.all(path.replaceAll(/\{(\w+)\}/g, ':$1'), (c) => {
      c.get('headers').Allow = methods;
      return sendError(c, 'method_not_allowed');
    });
  }
  app.notFound((c) => sendError(c, 'route_not_found'));
  app.onError((error, c) => {
    if (error instanceof ErasureIncompleteError) return sendError(c, 'erasure_incomplete');
    if (error instanceof IdempotencyKeyReusedError) return sendError(c, 'idempotency_key_reused');
    if (error instanceof ResultGoneError) return sendError(c, 'result_gone');
    if (error instanceof BlobStoreError && error.code === 'full') {
      c.get('log').error = error.message;
      return sendError(c, 'store_full');
    }
    if (error instanceof QueueUnavailableError || !dependencies.queue.available()) {
      c.get('log').error = causeOf(error);
      return sendError(c, 'queue_unavailable');
    }
    // No retry mends an object that cannot be decrypted.
    if (error instanceof BlobStoreError && error.code !== 'undecryptable') {
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
