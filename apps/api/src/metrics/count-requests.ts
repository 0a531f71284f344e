import { routePath } from 'hono/route';
import type { ApiMiddleware } from '../http/context.js';
import type { ApiMetrics } from './api-metrics.js';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Anybody may ask for any path: those that are no route are one. */
const NO_ROUTE = 'none';

/** Counts every request by its route, never by its path. */
export function countRequests(metrics: Pick<ApiMetrics, 'answered'>): ApiMiddleware {
  const names = new Map<string, string>();

  function nameOf(route: string): string {
    const known = names.get(route);
    if (known !== undefined) return known;
    const name = route === '/*' ? NO_ROUTE : route.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}');
    names.set(route, name);
    return name;
  }

  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    metrics.answered({
      method: METHODS.has(c.req.method) ? c.req.method : 'other',
      endpoint: nameOf(routePath(c, -1)),
      status: c.res.status,
      outcome: `${c.get('log').outcome ?? 'none'}`,
      seconds: (performance.now() - startedAt) / 1000,
    });
  };
}
