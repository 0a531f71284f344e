import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { atExit } from './at-exit.js';
import { bound } from './bound.js';
import { freePort } from './free-port.js';
import { neededProgram } from './programs.js';

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 10_000;
const ANSWER_TIMEOUT_MS = 5_000;

const program = neededProgram(
  'toxiproxy-server',
  'TOXIPROXY_BINARY',
  'No Toxiproxy found: put `toxiproxy-server` on the PATH or its path into TOXIPROXY_BINARY.',
);

/** What happens to a connection, as Toxiproxy names it. Times in milliseconds. */
export type Toxic =
  | { readonly type: 'latency'; readonly attributes: { readonly latency: number; readonly jitter?: number } }
  /** Nothing gets through; after `timeout`, unless it is 0, the connection is closed. */
  | { readonly type: 'timeout'; readonly attributes: { readonly timeout: number } }
  /** The connection is reset (RST) after `timeout`. */
  | { readonly type: 'reset_peer'; readonly attributes: { readonly timeout: number } }
  /** The connection is closed behind so many bytes. */
  | { readonly type: 'limit_data'; readonly attributes: { readonly bytes: number } }
  /** `rate` in KB/s. */
  | { readonly type: 'bandwidth'; readonly attributes: { readonly rate: number } }
  | { readonly type: 'slow_close'; readonly attributes: { readonly delay: number } };

/** `upstream`: on the way to the server; `downstream`: on the way back. */
export type Direction = 'upstream' | 'downstream';

/** A way to a server that can be made bad. */
export interface Way {
  /** `127.0.0.1:…` */
  readonly address: string;
  readonly port: number;
  /** Closes all connections and refuses new ones. */
  disable(): Promise<void>;
  enable(): Promise<void>;
  /** Poisons all connections, those that are open too. Returns how to undo it. */
  poison(direction: Direction, toxic: Toxic): Promise<() => Promise<void>>;
}

export interface Toxiproxy {
  /** A new way to the server at `upstream` (`host:port`), which need not run yet. */
  proxy(upstream: string): Promise<Way>;
  /** Makes every proxy good again. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** Whether tests have to be skipped for want of the server's program. */
export const isToxiproxyMissing = program.isMissing;

/** Starts a server on a free port and waits until it answers. It ends with this process at the latest. */
export async function startToxiproxy(): Promise<Toxiproxy> {
  const binary = program.require();
  const port = await freePort();
  const server = spawn(...bound(binary, ['-host', HOST, '-port', `${port}`]), { stdio: 'ignore' });
  const exited = once(server, 'exit');
  const callOff = atExit(() => server.kill('SIGKILL'));
  const api = `http://${HOST}:${port}`;
  let made = 0;

  const stop = async () => {
    callOff();
    server.kill('SIGKILL');
    await exited;
  };

  if (!(await isReady(server, api))) {
    await stop();
    throw new Error(`${binary} did not start`);
  }

  return {
    async proxy(upstream) {
      const name = `proxy-${++made}`;
      const wanted = { name, upstream, listen: `${HOST}:0`, enabled: true };
      const { listen: address } = (await call(`${api}/proxies`, 'POST', wanted)) as { listen: string };
      const path = `${api}/proxies/${name}`;
      let poisons = 0;
      return {
        address,
        port: Number(address.split(':').at(-1)),
        async disable() {
          await call(path, 'POST', { enabled: false });
        },
        async enable() {
          await call(path, 'POST', { enabled: true });
        },
        async poison(stream, toxic) {
          const toxicName = `${toxic.type}-${++poisons}`;
          await call(`${path}/toxics`, 'POST', { ...toxic, stream, name: toxicName });
          return async () => {
            await call(`${path}/toxics/${toxicName}`, 'DELETE');
          };
        },
      };
    },
    async reset() {
      await call(`${api}/reset`, 'POST');
    },
    stop,
  };
}

async function call(url: string, method: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    method,
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Toxiproxy refused ${method} ${url} (${response.status}): ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

async function isReady(server: ChildProcess, api: string): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && server.exitCode === null) {
    const answers = await call(`${api}/proxies`, 'GET').then(
      () => true,
      () => false,
    );
    if (answers) return true;
    await sleep(20);
  }
  return false;
}
