const PARALLEL = 8;

/** Does `work` for every item, a few at once. After a failure nothing more is begun, and what is in hand is finished. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const failures: unknown[] = [];
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (const item of queue) {
        if (failures.length > 0) return;
        await work(item).catch((error: unknown) => failures.push(error));
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
}
