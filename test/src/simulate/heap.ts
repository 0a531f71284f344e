/** A binary min-heap: whatever has the least key comes out first, and of equal keys what came in first. */
export interface Heap<T> {
  readonly size: number;
  push(key: number, value: T): void;
  /** The least key; Infinity when there is none. */
  peekKey(): number;
  pop(): T | undefined;
}

interface Entry<T> {
  readonly key: number;
  readonly order: number;
  readonly value: T;
}

export function createHeap<T>(): Heap<T> {
  const entries: Entry<T>[] = [];
  let pushed = 0;

  const isBefore = (a: Entry<T>, b: Entry<T>) => a.key < b.key || (a.key === b.key && a.order < b.order);

  /** Moves the hole at `index` up until `entry` fits. */
  function siftUp(start: number, entry: Entry<T>): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = entries[parent] as Entry<T>;
      if (!isBefore(entry, above)) break;
      entries[index] = above;
      index = parent;
    }
    entries[index] = entry;
  }

  function siftDown(entry: Entry<T>): void {
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= entries.length) break;
      const right = entries[child + 1];
      if (right && isBefore(right, entries[child] as Entry<T>)) child++;
      const below = entries[child] as Entry<T>;
      if (!isBefore(below, entry)) break;
      entries[index] = below;
      index = child;
    }
    entries[index] = entry;
  }

  return {
    get size() {
      return entries.length;
    },
    push(key, value) {
      siftUp(entries.length, { key, order: pushed++, value });
    },
    peekKey: () => entries[0]?.key ?? Number.POSITIVE_INFINITY,
    pop() {
      const first = entries[0];
      const last = entries.pop();
      if (last && last !== first) siftDown(last);
      return first?.value;
    },
  };
}
