import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { QueueOptions } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { parseSentinelUrl, type SentinelAddress } from './sentinel-url.js';

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
    reconnectOnError: withoutOperands,
  };
  const sentinel = parseSentinelUrl(url);
  if (sentinel) return { ...shared, ...throughSentinels(sentinel) };
  const { protocol, hostname } = new URL(url);
  if (protocol === 'unix:') return { ...shared, path: fileURLToPath(url.replace(/^unix:/, 'file:')) };
  return protocol === 'rediss:' ? { ...shared, tls: verifiedTls(hostname) } : shared;
}

/** Asks for the master's address at every attempt to connect, so that it follows a failover by itself. */
function throughSentinels({ sentinels, ...master }: SentinelAddress): RedisOptions {
  return { ...master, sentinels: [...sentinels], sentinelCommandTimeout: COMMAND_TIMEOUT_MS };
}

/**
 * ioredis puts the command on the error that Redis answers with: the password after a failed login, a job at other times.
 * Neither belongs in a log. Of all places that see the errors of every connection, BullMQ's own too, this is the first.
 */
function withoutOperands(error: Error & { command?: unknown }): false {
  delete error.command;
  return false;
}

/**
 * The certificate must be for this host and from an authority that Node trusts, NODE_EXTRA_CA_CERTS included; no
 * NODE_TLS_REJECT_UNAUTHORIZED turns that off. ioredis by itself does not tell the server which host it looks for.
 */
function verifiedTls(hostname: string): ConnectionOptions {
  const isAddress = isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;
  return { rejectUnauthorized: true, ...(!isAddress && { servername: hostname }) };
}

function connect(url: string, options: RedisOptions): Redis {
  // ioredis knows nothing of these schemes; the options have what they say.
  return /^(unix|redis\+sentinel):/.test(url) ? new Redis(options) : new Redis(url, options);
}

/**
 * A connection whose commands fail at once while Redis is away, and within seconds when it does not answer: for a
 * request that somebody is waiting for. It reconnects by itself unless told not to; add an `error` listener.
 */
export function connectForRequests(url: string, { reconnect = true } = {}): Redis {
  return connect(url, {
    ...baseOptions(url),
    ...(!reconnect && { retryStrategy: () => null, sentinelRetryStrategy: () => null }),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
    // A connection that does not answer is given up, so that the next commands fail at once.
    socketTimeout: COMMAND_TIMEOUT_MS,
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
