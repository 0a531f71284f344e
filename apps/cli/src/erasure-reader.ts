import { type Config, ConfigError, connectForRequests, createErasures, type Erasures } from '@rollcall/platform';
import { findPrivateRedis } from './private-redis.js';

/** Knows who is erased while a command runs. */
export interface ErasureReader extends Pick<Erasures, 'erasedLately'> {
  close(): Promise<void>;
}

type Redis = ReturnType<typeof connectForRequests>;

/**
 * Asks the configured Redis, or the private one of a Rollcall that runs on the same data folder; while there is none, nobody
 * is erased. One that was found has to go on answering, lest an erasure be missed.
 * @throws {ConfigError} when the configured Redis does not answer.
 */
export async function createErasureReader(config: Pick<Config, 'redisUrl' | 'dataDir'>): Promise<ErasureReader> {
  let connection: Promise<Redis | undefined> | undefined = find();
  await connection;

  async function find(): Promise<Redis | undefined> {
    const url = config.redisUrl ?? (await findPrivateRedis(config.dataDir));
    return url === undefined ? undefined : await connect(url);
  }

  return {
    async erasedLately(subject) {
      connection ??= find();
      const attempt = connection;
      const redis = await attempt;
      if (redis) return await ask(redis, subject);
      // A Rollcall may be started at any moment.
      if (connection === attempt) connection = undefined;
      return false;
    },
    async close() {
      (await connection)?.disconnect();
    },
  };
}

async function connect(url: string): Promise<Redis> {
  const redis = connectForRequests(url);
  redis.on('error', () => undefined);
  try {
    await new Promise((resolve, reject) => redis.once('ready', resolve).once('close', reject));
    return redis;
  } catch {
    redis.disconnect();
    throw new ConfigError(
      'Redis does not answer, which knows who is erased meanwhile. Start it; or unset REDIS_URL when no other part of Rollcall runs.',
    );
  }
}

async function ask(redis: Redis, subject: string): Promise<boolean> {
  try {
    return await createErasures(redis, 0).erasedLately(subject);
  } catch (error) {
    throw new Error(
      'Redis no longer tells who is erased: start it and run this again. Whoever was erased in this moment has to be erased again.',
      { cause: error },
    );
  }
}
