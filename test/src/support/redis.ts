import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { atExit } from './at-exit.js';
import { bound } from './bound.js';
import { freePort } from './free-port.js';

/** A redis-server of the test's own. */
export interface RedisServer {
  readonly url: string;
  readonly pid: number;
  /** Ends the server as a crash does; {@link RedisServer.restart} brings it back with what its file holds. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts redis-server as production runs it (append-only file, nothing evicted), on a free loopback port. */
export async function startRedis(): Promise<RedisServer> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-redis-'));
  let server: ChildProcess = await launch();
  const killNow = () => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  const callOff = atExit(killNow);

  async function launch(): Promise<ChildProcess> {
    const flags = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
    const child = spawn(
      ...bound('redis-server', [
        ...flags,
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

async function untilAnswers(url: string): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: 100 });
  redis.on('error', () => undefined);
  try {
    await redis.ping();
  } finally {
    redis.disconnect();
  }
}
