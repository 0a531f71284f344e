/** First in, first out, at constant cost. */
export interface Fifo<T> {
  readonly size: number;
  push(item: T): void;
  shift(): T | undefined;
}

/** Below this an array is not worth shortening. */
const MIN_SHORTENED = 1024;

export function createFifo<T>(): Fifo<T> {
  let items: (T | undefined)[] = [];
  let head = 0;
  return {
    get size() {
      return items.length - head;
    },
    push: (item) => void items.push(item),
    shift() {
      if (head === items.length) return undefined;
      const item = items[head];
      items[head++] = undefined;
      if (head > MIN_SHORTENED && 2 * head > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
  };
}
