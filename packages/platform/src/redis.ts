import { fileURLToPath } from 'node:url';
import type { QueueOptions } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';

const CONNECT_TIMEOUT_MS = 5_000;
const COMMAND_TIMEOUT_MS = 5_000;

/** Longest pause between two attempts to reconnect. */
const MAX_RECONNECT_DELAY_MS = 1_000;

/** BullMQ asks Redis to block for at most this long; a connection that is silent for longer than that is dead. */
const SOCKET_TIMEOUT_MS = 30_000;

function baseOptions(url: string): RedisOptions {
  const shared: RedisOptions = {
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(50 * attempt, MAX_RECONNECT_DELAY_MS),
  };
  const { protocol } = new URL(url);
  return protocol === 'unix:' ? { ...shared, path: fileURLToPath(url.replace(/^unix:/, 'file:')) } : shared;
}

function connect(url: string, options: RedisOptions): Redis {
  return url.startsWith('unix:') ? new Redis(options) : new Redis(url, options);
}

/**
 * A connection whose commands fail at once while Redis is away, and within seconds when it does not answer: for a
 * request that somebody is waiting for. It reconnects by itself unless told not to; add an `error` listener.
 */
export function connectForRequests(url: string, { reconnect = true } = {}): Redis {
  return connect(url, {
    ...baseOptions(url),
    ...(!reconnect && { retryStrategy: () => null }),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
  });
}

/**
 * A connection that waits for Redis to come back: for BullMQ's workers and event readers, which block in a command and
 * must survive an outage.
 */
export function connectForBlocking(url: string): Redis {
  return connect(url, { ...baseOptions(url), maxRetriesPerRequest: null, socketTimeout: SOCKET_TIMEOUT_MS });
}

/** What BullMQ accepts as a connection; its own type knows nothing of exactOptionalPropertyTypes. */
export function asBullConnection(redis: Redis): QueueOptions['connection'] {
  return redis as unknown as QueueOptions['connection'];
}
