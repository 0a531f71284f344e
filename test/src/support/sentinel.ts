import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { atExit } from './at-exit.js';
import { bound } from './bound.js';
import { freePort } from './free-port.js';
import { type RedisServer, startRedis } from './redis.js';
import { until } from './until.js';

const SENTINELS = 3;
const QUORUM = 2;
const MASTER_NAME = 'rollcall';
/** A master that is silent for this long is replaced. */
const DOWN_AFTER_MS = 1_000;

/** A master, its replica, and three Sentinels that watch them: the fewest of which one may die. */
export interface SentinelSystem {
  /** `redis+sentinel://…` */
  readonly url: string;
  /** The first master. */
  readonly master: RedisServer;
  readonly replica: RedisServer;
  /** Resolves when the replica has all that the master has acknowledged. */
  replicated(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts them on free loopback ports and waits until they know of each other, so that a failover is possible. */
export async function startSentinels(): Promise<SentinelSystem> {
  const master = await startRedis();
  const replica = await startRedis({ replicaOf: master.port });
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-sentinel-'));
  const ports = await Promise.all(Array.from({ length: SENTINELS }, freePort));
  const sentinels = ports.map((port) => launch(folder, port, master.port));
  const killNow = () => {
    for (const sentinel of sentinels) sentinel.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  const callOff = atExit(killNow);
  await Promise.all(ports.map(untilComplete));

  return {
    url: `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/${MASTER_NAME}`,
    master,
    replica,
    async replicated() {
      const redis = new Redis(master.url);
      const copies = await redis.wait(1, 10_000).finally(() => redis.disconnect());
      if (copies < 1) throw new Error('the replica does not keep up');
    },
    async stop() {
      callOff();
      await Promise.all(
        sentinels.map(async (sentinel) => {
          const exited = once(sentinel, 'exit');
          sentinel.kill('SIGKILL');
          await exited;
        }),
      );
      await replica.stop();
      await master.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Sentinel keeps what it learns in its configuration file. */
function launch(folder: string, port: number, masterPort: number): ChildProcess {
  const file = join(folder, `${port}.conf`);
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${masterPort} ${QUORUM}`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${MASTER_NAME} 10000`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return spawn(...bound('redis-server', [file, '--sentinel']), { stdio: 'ignore' });
}

async function untilComplete(port: number): Promise<void> {
  const sentinel = new Redis(port, '127.0.0.1', { retryStrategy: () => 50, maxRetriesPerRequest: 100 });
  sentinel.on('error', () => undefined);
  try {
    await until('the Sentinels know of each other and of the replica', async () => {
      const info = await sentinel.info('sentinel');
      return info.includes(`status=ok`) && info.includes(`slaves=1,sentinels=${SENTINELS}`) ? true : undefined;
    });
  } finally {
    sentinel.disconnect();
  }
}
