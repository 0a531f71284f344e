import { GALLERY_CHANGES_CHANNEL } from '@rollcall/contracts';
import type { Redis } from 'ioredis';

/**
 * Tells every process whose references have changed, so that memory follows at once. Only a hint: the store is the truth,
 * and whoever misses a message (a reconnect, say) still reads the store before it answers.
 */
export interface GalleryChanges {
  announce(employeeId: string): Promise<void>;
}

export function createGalleryChanges(redis: Redis): GalleryChanges {
  return {
    async announce(employeeId) {
      await redis.publish(GALLERY_CHANGES_CHANNEL, employeeId);
    },
  };
}

/** Calls `listener` for every change, on a connection of its own, which must serve nothing else. */
export async function onGalleryChange(redis: Redis, listener: (employeeId: string) => void): Promise<void> {
  redis.on('message', (_channel: string, employeeId: string) => listener(employeeId));
  await redis.subscribe(GALLERY_CHANGES_CHANNEL);
}
