import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { atExit } from './at-exit.js';
import { bound } from './bound.js';
import type { CertificateFiles } from './certificates.js';
import { freePort } from './free-port.js';

export interface RedisOptions {
  /** Speak TLS only, with this certificate. */
  readonly certificate?: CertificateFiles;
  /** Let in nobody but this user. Letters and digits. */
  readonly user?: { readonly name: string; readonly password: string };
  /** Be a replica of the server that listens on this port. */
  readonly replicaOf?: number;
  /** Begin with the data in this RDB file. */
  readonly data?: string;
}

/** A redis-server of the test's own. */
export interface RedisServer {
  /** With the user and its password, if there is one. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends the server as a crash does; {@link RedisServer.restart} brings it back with what its file holds. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts redis-server as production runs it (append-only file, nothing evicted), on a free loopback port. */
export async function startRedis({ certificate, user, replicaOf, data }: RedisOptions = {}): Promise<RedisServer> {
  const port = await freePort();
  const credentials = user ? `${user.name}:${user.password}@` : '';
  const url = `${certificate ? 'rediss' : 'redis'}://${credentials}127.0.0.1:${port}`;
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-redis-'));
  if (data) copyFileSync(data, join(folder, 'appendonly.aof'));
  let server: ChildProcess = await launch();
  const killNow = () => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  const callOff = atExit(killNow);

  async function launch(): Promise<ChildProcess> {
    const flags = ['--bind', '127.0.0.1', '--dir', folder, '--save', ''];
    const child = spawn(
      ...bound('redis-server', [
        ...flags,
        ...(certificate ? tlsFlags(port, certificate) : ['--port', `${port}`]),
        ...(user ? userFlags(user) : []),
        ...(replicaOf ? ['--replicaof', `127.0.0.1 ${replicaOf}`] : []),
        ...['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'],
      ]),
      { stdio: 'ignore' },
    );
    await untilAnswers(url);
    return child;
  }

  async function kill(): Promise<void> {
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  }

  return {
    url,
    port,
    get pid() {
      return server.pid ?? 0;
    },
    kill,
    async restart() {
      server = await launch();
    },
    async stop() {
      callOff();
      if (server.exitCode === null && server.signalCode === null) await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function tlsFlags(port: number, { cert, key }: CertificateFiles): string[] {
  const files = ['--tls-cert-file', cert, '--tls-key-file', key];
  return ['--port', '0', '--tls-port', `${port}`, ...files, '--tls-auth-clients', 'no'];
}

function userFlags({ name, password }: NonNullable<RedisOptions['user']>): string[] {
  const flags = ['--user', name, 'on', `>${password}`, '~*', '&*', '+@all'];
  return name === 'default' ? flags : [...flags, '--user', 'default', 'off'];
}

/** Whatever certificate it shows. */
async function untilAnswers(url: string): Promise<void> {
  const tls = url.startsWith('rediss:') && { tls: { rejectUnauthorized: false } };
  const redis = new Redis(url, { ...tls, retryStrategy: () => 50, maxRetriesPerRequest: 100 });
  redis.on('error', () => undefined);
  try {
    await redis.ping();
  } finally {
    redis.disconnect();
  }
}
