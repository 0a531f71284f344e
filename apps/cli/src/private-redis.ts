import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, connectForRequests, type Logger, type Supervisor, startSupervisor } from '@rollcall/platform';

/** Longest path of a Unix socket, in bytes, that every kernel accepts. */
const MAX_SOCKET_PATH = 100;

const START_TIMEOUT_MS = 8_000;

const INSTALL = `redis-server is not installed. Install it with

  $(command -v sudo) apt-get install -y redis-server

or set REDIS_URL to a Redis that you run.`;

export interface PrivateRedis {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a redis-server of our own below `dataDir`, on a Unix socket only this user can open: append-only file, nothing
 * evicted. It is restarted when it dies, and dies when this process does.
 *
 * @throws {ConfigError} when redis-server is missing or another one serves this folder.
 */
export async function startPrivateRedis(dataDir: string, logger: Logger): Promise<PrivateRedis> {
  const launcher = findLauncher();
  const folder = join(dataDir, 'redis');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const socket = socketPath(folder);
  const url = urlOf(socket);
  if (await answers(url)) {
    throw new ConfigError(
      `Another Rollcall runs on ${dataDir} (its Redis answers on ${socket}). Stop it, or choose another DATA_DIR.`,
    );
  }
  const supervisor: Supervisor = startSupervisor({
    name: 'redis',
    processes: 1,
    start: () => spawnRedis(launcher, folder, socket),
    logger,
    onFatal: () => undefined,
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(url))) {
    if (Date.now() > deadline) {
      await supervisor.stop();
      throw new ConfigError(`The private redis-server did not start; see ${join(folder, 'redis.log')}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { url, stop: () => supervisor.stop() };
}

/** The URL of the private Redis of a Rollcall that runs on this folder now, if one does. */
export async function findPrivateRedis(dataDir: string): Promise<string | undefined> {
  const url = urlOf(socketPath(join(dataDir, 'redis')));
  return (await answers(url)) ? url : undefined;
}

/** The command in front of redis-server: setpriv (util-linux) ends it with this process, even after a SIGKILL. */
function findLauncher(): readonly string[] {
  for (const launcher of [['setpriv', '--pdeathsig', 'TERM', 'redis-server'], ['redis-server']]) {
    const [command = '', ...rest] = launcher;
    if (spawnSync(command, [...rest, '--version'], { stdio: 'ignore', timeout: 5_000 }).status === 0) return launcher;
  }
  throw new ConfigError(INSTALL);
}

function spawnRedis([command = '', ...rest]: readonly string[], folder: string, socket: string): ChildProcess {
  const settings = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir: folder,
    logfile: join(folder, 'redis.log'),
    loglevel: 'warning',
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  return spawn(command, [...rest, ...flags], { stdio: 'ignore', detached: true });
}

/** Inside the data folder, or below the temporary folder where that path is too long for a socket. */
function socketPath(folder: string): string {
  const path = join(folder, 'redis.sock');
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return path;
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16);
  const short = join(tmpdir(), `rollcall-${name}`);
  mkdirSync(short, { recursive: true, mode: 0o700 });
  return join(short, 'redis.sock');
}

function urlOf(socket: string): string {
  return pathToFileURL(socket).href.replace(/^file:/, 'unix:');
}

async function answers(url: string): Promise<boolean> {
  const redis = connectForRequests(url, { reconnect: false });
  redis.on('error', () => undefined);
  try {
    await new Promise((resolve, reject) => redis.once('ready', resolve).once('close', reject));
    return (await redis.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}
