import type { Tracing } from '@rollcall/platform';
import type { ApiMiddleware } from '../http/context.js';
import { routeName } from '../http/route-name.js';

/** Asked all the time by whatever watches the service. */
const UNTRACED: readonly string[] = ['/healthz', '/readyz', '/metrics'];

/** Begins a trace with every request, or goes on with that of whoever asks; the job that it makes belongs to it. */
export function traceRequests(tracing: Tracing): ApiMiddleware {
  return async (c, next) => {
    if (UNTRACED.includes(c.req.path)) return next();
    const { method } = c.req;
    await tracing.request({ method, traceparent: c.req.header('traceparent') }, async () => {
      await next();
      // A request's own id is its caller's choice, and may name somebody.
      const { outcome, job_id } = c.get('log');
      return {
        route: routeName(c),
        status: c.res.status,
        attributes: {
          ...(outcome !== undefined && { 'rollcall.outcome': `${outcome}` }),
          ...(job_id !== undefined && { 'rollcall.job.id': `${job_id}` }),
        },
      };
    });
  };
}
