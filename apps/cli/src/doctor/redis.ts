import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Config, connectForRequests } from '@rollcall/platform';
import { findPrivateRedis } from '../private-redis.js';
import { type Check, codeOf, type Finding, failed, messageOf, ok } from './check.js';
import { withoutCredentials } from './redact-url.js';
import { clockFinding, findingsOf, isOldVersion } from './redis-info.js';

type Redis = ReturnType<typeof connectForRequests>;

const CLI = 'redis-cli -u "$REDIS_URL"';

/** Looks at the configured Redis; without one at the private one that runs on DATA_DIR, or at what it would be started with. */
export function checkRedis({ redisUrl, dataDir }: Pick<Config, 'redisUrl' | 'dataDir'>): Check {
  return {
    name: 'redis',
    mend: `Check that Redis runs and that the network reaches it: ${CLI} ping`,
    async run() {
      if (redisUrl !== undefined) return await lookAt(redisUrl, withoutCredentials(redisUrl));
      const url = await findPrivateRedis(dataDir);
      return url === undefined ? [await lookAtProgram()] : await lookAt(url, `the private one of ${dataDir}`);
    },
  };
}

async function lookAt(url: string, place: string): Promise<Finding[]> {
  const redis = connectForRequests(url, { reconnect: false });
  try {
    await connected(redis);
    const info = parseInfo(await redis.info());
    // Not every user may ask for it.
    const settings = await redis.config('GET', 'appendfsync').catch(() => []);
    const fsync = Array.isArray(settings) ? settings[1] : undefined;
    return [...findingsOf({ info, fsync, place, cli: CLI }), await clockOf(redis)];
  } catch (error) {
    return [failed('redis', `${place}: ${messageOf(error)}`, mendOf(error))];
  } finally {
    redis.disconnect();
  }
}

/** The connection's own error, not that it is closed after it. */
function connected(redis: Redis): Promise<void> {
  return new Promise((resolve, reject) => {
    let latest: unknown = new Error('the connection was closed');
    redis.on('error', (error: unknown) => {
      latest = error;
    });
    redis.once('ready', resolve).once('close', () => reject(latest));
  });
}

function parseInfo(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const [, name, value] = /^(\w+):(.*)$/.exec(line) ?? [];
      return name !== undefined && value !== undefined ? [[name, value] as const] : [];
    }),
  );
}

async function clockOf(redis: Redis): Promise<Finding> {
  const before = performance.now();
  const [seconds, microseconds] = await redis.time();
  const roundTrip = performance.now() - before;
  const offset = Number(seconds) * 1000 + Number(microseconds) / 1000 + roundTrip / 2 - Date.now();
  return clockFinding(offset);
}

function mendOf(error: unknown): string {
  const message = messageOf(error);
  const code = codeOf(error);
  if (/^(WRONGPASS|NOAUTH|NOPERM)/.test(message) || /invalid (username-password|password)/.test(message)) {
    return 'Put the right user and password into REDIS_URL: export REDIS_URL=redis://user:password@host:6379';
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return 'Correct the host name in REDIS_URL, or the name server: getent hosts HOST';
  }
  if (/certificate|CERT/.test(`${message} ${code}`)) {
    return "Name its authority's certificate: export NODE_EXTRA_CA_CERTS=/path/to/ca.pem";
  }
  if (code === 'ECONNREFUSED' || code === 'ENOENT') {
    return 'Start Redis there, or correct REDIS_URL: sudo systemctl start redis-server';
  }
  return `See what it answers, and correct REDIS_URL: ${CLI} ping`;
}

const INSTALL = 'Install it, or set REDIS_URL to a Redis that you run: sudo apt-get install -y redis-server';

async function lookAtProgram(): Promise<Finding> {
  const name = 'redis';
  try {
    const { stdout } = await promisify(execFile)('redis-server', ['--version'], { timeout: 5_000 });
    const [, version = ''] = /\bv=(\d+(?:\.\d+)*)/.exec(stdout) ?? [];
    if (isOldVersion(version)) return failed(name, `redis-server ${version} is older than 6.2`, INSTALL);
    return ok(name, `REDIS_URL is not set; rollcall start runs redis-server ${version}`);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return failed(name, `redis-server does not run: ${messageOf(error)}`, INSTALL);
    return failed(name, 'REDIS_URL is not set, and redis-server is not installed', INSTALL);
  }
}
