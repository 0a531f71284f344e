import { UPLOADS_PREFIX } from '@rollcall/contracts';
import type { BlobStore } from '../blob-store/blob-store.js';

/**
 * Removes probe photos that a crash left behind, and what the store itself left of writes that were cut off. Any number of
 * sweeps may run at once.
 * @returns how many photos.
 */
export async function sweepUploads(
  store: Pick<BlobStore, 'list' | 'delete' | 'check'>,
  maxAgeMs: number,
): Promise<number> {
  const oldest = Date.now() - maxAgeMs;
  const stale = (await store.list(UPLOADS_PREFIX)).filter(
    ({ key, modifiedAt }) => key !== UPLOADS_PREFIX && modifiedAt < oldest,
  );
  if (stale.length > 0) await store.delete(stale.map(({ key }) => key));
  await store.check();
  return stale.length;
}
