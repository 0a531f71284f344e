export type Route =
  | { readonly name: 'employees' | 'log' | 'system' }
  | { readonly name: 'employee'; readonly id: string };

/** What the part of the address behind `#` asks for; what it does not name is the list of employees. */
export function routeOf(hash: string): Route {
  const [section, id] = hash.replace(/^#\/?/, '').split('/');
  if (section === 'log' || section === 'system') return { name: section };
  if (section !== 'employees' || !id) return { name: 'employees' };
  try {
    return { name: 'employee', id: decodeURIComponent(id) };
  } catch {
    return { name: 'employees' };
  }
}
