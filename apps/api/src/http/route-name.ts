import { routePath } from 'hono/route';
import type { ApiContext } from './context.js';

/** Anybody may ask for any path: those that are no route are one. */
const NO_ROUTE = 'none';

const names = new Map<string, string>();

/** The route of a request as the description has it, e.g. `/v1/jobs/{id}`, once it has been answered; never its path. */
export function routeName(c: ApiContext): string {
  const route = routePath(c, -1);
  const known = names.get(route);
  if (known !== undefined) return known;
  const name = route === '/*' ? NO_ROUTE : route.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}');
  names.set(route, name);
  return name;
}
