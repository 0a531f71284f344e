import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { atExit } from './at-exit.js';
import { bound } from './bound.js';
import { freePort } from './free-port.js';

const START_TIMEOUT_MS = 30_000;

const HOW_TO_GET_IT = 'No MinIO server found: put `minio` on the PATH or its path into MINIO_BINARY.';

// biome-ignore lint/style/noProcessEnv: tests have no config module, and this one looks for a program
const env = process.env;

/** A MinIO server of the test's own, empty at the start. */
export interface MinioServer {
  readonly endPoint: string;
  readonly port: number;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Ends the server and deletes its data. */
  stop(): Promise<void>;
}

/** The server's program: `MINIO_BINARY`, else `minio` on the PATH, else where the CI script builds it. */
export function findMinio(): string | undefined {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const places = [...folders, join(cache, 'rollcall-ci', 'bin')].map((folder) => join(folder, 'minio'));
  return (env.MINIO_BINARY ? [env.MINIO_BINARY] : places).find(isExecutable);
}

/** Whether tests have to be skipped for want of the program, which it reports. CI skips none: there they fail. */
export function isMinioMissing(): boolean {
  if (env.CI || findMinio()) return false;
  process.stderr.write(`Tests are SKIPPED. ${HOW_TO_GET_IT}\n`);
  return true;
}

/** Starts a server on a free port and waits until it answers. It ends with this process at the latest. */
export async function startMinio(): Promise<MinioServer> {
  const binary = findMinio();
  if (!binary) throw new Error(HOW_TO_GET_IT);
  const [endPoint, port] = ['127.0.0.1', await freePort()];
  const [accessKey, secretKey] = [randomBytes(8).toString('hex'), randomBytes(16).toString('hex')];
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-minio-'));
  const server = spawn(...bound(binary, ['server', join(folder, 'data'), '--address', `${endPoint}:${port}`]), {
    env: {
      PATH: env.PATH,
      HOME: folder,
      MINIO_ROOT_USER: accessKey,
      MINIO_ROOT_PASSWORD: secretKey,
      MINIO_BROWSER: 'off',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk) => (output += chunk));
  const exited = once(server, 'exit');

  const killNow = () => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  const callOff = atExit(killNow);

  const stop = async () => {
    callOff();
    server.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };

  if (!(await isReady(server, `http://${endPoint}:${port}/`))) {
    await stop();
    throw new Error(`${binary} did not start: ${output}`);
  }
  return { endPoint, port, accessKey, secretKey, stop };
}

async function isReady(server: ChildProcess, url: string): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && server.exitCode === null) {
    const response = await fetch(`${url}minio/health/ready`).catch(() => undefined);
    // It says that it is ready a moment before it answers S3 requests with anything but 503.
    if (response?.ok && (await fetch(url)).status !== 503) return true;
    await sleep(50);
  }
  return false;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
