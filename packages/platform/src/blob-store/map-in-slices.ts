/**
 * `map` of every item, in order, at most `size` at a time, so that a long list leaves room for others in the queue they
 * share (the thread pool, the sockets). After a failure no further slice is begun.
 */
export async function mapInSlices<T, R>(items: readonly T[], size: number, map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += size) {
    results.push(...(await Promise.all(items.slice(start, start + size).map(map))));
  }
  return results;
}
