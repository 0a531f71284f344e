import { type Config, connectForRequests, createGalleryChanges } from '@rollcall/platform';
import { findPrivateRedis } from './private-redis.js';

/** Tells a running Rollcall whose references a command has changed. */
export interface Announcer {
  announce(employeeId: string): Promise<void>;
  close(): void;
}

/**
 * Speaks to the configured Redis, or to the private one of a Rollcall that runs on the same data folder; where there is
 * none, nobody needs to hear. Hints only, so a Redis that does not answer is no reason to stop.
 */
export async function createAnnouncer({ redisUrl, dataDir }: Pick<Config, 'redisUrl' | 'dataDir'>): Promise<Announcer> {
  const url = redisUrl ?? (await findPrivateRedis(dataDir));
  if (url === undefined) return { announce: async () => undefined, close: () => undefined };
  const redis = connectForRequests(url);
  redis.on('error', () => undefined);
  const changes = createGalleryChanges(redis);
  return {
    announce: (employeeId) => changes.announce(employeeId).catch(() => undefined),
    close: () => redis.disconnect(),
  };
}
