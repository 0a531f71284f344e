/** Maps everything in order, `atOnce` at a time. */
export async function inSlices<T, R>(
  items: readonly T[],
  atOnce: number,
  map: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += atOnce) {
    const slice = items.slice(start, start + atOnce);
    results.push(...(await Promise.all(slice.map((item, index) => map(item, start + index)))));
  }
  return results;
}
