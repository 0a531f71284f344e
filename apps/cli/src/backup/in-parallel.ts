const PARALLEL = 8;

/** Does `work` for every item, a few at once. After a failure nothing more is begun. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  let hasFailed = false;
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (const item of queue) {
        if (hasFailed) return;
        try {
          await work(item);
        } catch (error) {
          hasFailed = true;
          throw error;
        }
      }
    }),
  );
}
