import type { ApiMiddleware } from '../http/context.js';
import { routeName } from '../http/route-name.js';
import type { ApiMetrics } from './api-metrics.js';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Counts every request by its route, never by its path. */
export function countRequests(metrics: Pick<ApiMetrics, 'answered'>): ApiMiddleware {
  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    metrics.answered({
      method: METHODS.has(c.req.method) ? c.req.method : 'other',
      endpoint: routeName(c),
      status: c.res.status,
      outcome: `${c.get('log').outcome ?? 'none'}`,
      seconds: (performance.now() - startedAt) / 1000,
    });
  };
}
