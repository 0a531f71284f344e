import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { atExit } from './at-exit.js';
import { bound } from './bound.js';
import type { CertificateFiles } from './certificates.js';
import { freePort } from './free-port.js';
import { neededProgram } from './programs.js';

const START_TIMEOUT_MS = 30_000;
const ANSWER_TIMEOUT_MS = 5_000;

const program = neededProgram(
  'minio',
  'MINIO_BINARY',
  'No MinIO server found: put `minio` on the PATH or its path into MINIO_BINARY.',
);

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

/** Whether tests have to be skipped for want of the server's program. */
export const isMinioMissing = program.isMissing;

export interface MinioOptions {
  /** Speak TLS only, with this certificate. */
  readonly certificate?: CertificateFiles;
}

/** Starts a server on a free port and waits until it answers. It ends with this process at the latest. */
export async function startMinio({ certificate }: MinioOptions = {}): Promise<MinioServer> {
  const binary = program.require();
  const [endPoint, port] = ['127.0.0.1', await freePort()];
  const [accessKey, secretKey] = [randomBytes(8).toString('hex'), randomBytes(16).toString('hex')];
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-minio-'));
  const certificates = join(folder, 'certs');
  mkdirSync(certificates);
  if (certificate) {
    copyFileSync(certificate.cert, join(certificates, 'public.crt'));
    copyFileSync(certificate.key, join(certificates, 'private.key'));
  }
  const operands = ['--address', `${endPoint}:${port}`, '--certs-dir', certificates];
  const server = spawn(...bound(binary, ['server', join(folder, 'data'), ...operands]), {
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

  if (!(await isReady(server, `${certificate ? 'https' : 'http'}://${endPoint}:${port}/`))) {
    await stop();
    throw new Error(`${binary} did not start: ${output}`);
  }
  return { endPoint, port, accessKey, secretKey, stop };
}

async function isReady(server: ChildProcess, url: string): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && server.exitCode === null) {
    const health = await statusOf(`${url}minio/health/ready`);
    // It says that it is ready a moment before it answers S3 requests with anything but 503.
    if (health === 200 && ![undefined, 503].includes(await statusOf(url))) return true;
    await sleep(50);
  }
  return false;
}

/** Whatever certificate it shows; undefined when it does not answer. */
function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const { get } = url.startsWith('https:') ? https : http;
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const options: https.RequestOptions = { agent: false, rejectUnauthorized: false, signal };
    get(url, options, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', () => resolve(undefined));
  });
}
