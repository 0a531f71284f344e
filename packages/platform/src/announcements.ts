import { ERASURES_CHANNEL, GALLERY_CHANGES_CHANNEL } from '@rollcall/contracts';
import type { Redis } from 'ioredis';

/** Tells every process that something is new about an employee. Nothing keeps a message: whoever is away misses it. */
export interface Announcements {
  announce(employeeId: string): Promise<void>;
}

/**
 * Says whose references have changed, so that memory follows at once. Only a hint: the store is the truth, and whoever
 * misses a message (a reconnect, say) still reads the store before it answers.
 */
export const createGalleryChanges = (redis: Redis) => announcementsOn(GALLERY_CHANGES_CHANNEL, redis);

/** Calls `listener` for every change, on a connection of its own, which must serve nothing else. */
export const onGalleryChange = listenerOn(GALLERY_CHANGES_CHANNEL);

/** Says who was erased, so that every audit log of this system forgets the name. */
export const createErasureNotices = (redis: Redis) => announcementsOn(ERASURES_CHANNEL, redis);

/** Calls `listener` for everybody who is erased, on a connection of its own, which must serve nothing else. */
export const onErasure = listenerOn(ERASURES_CHANNEL);

function announcementsOn(channel: string, redis: Redis): Announcements {
  return {
    async announce(employeeId) {
      await redis.publish(channel, employeeId);
    },
  };
}

function listenerOn(channel: string) {
  return async (redis: Redis, listener: (employeeId: string) => void): Promise<void> => {
    redis.on('message', (_channel: string, employeeId: string) => listener(employeeId));
    await redis.subscribe(channel);
  };
}
