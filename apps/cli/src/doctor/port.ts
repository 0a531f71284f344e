import http from 'node:http';
import https from 'node:https';
import { createServer } from 'node:net';
import { readinessReplySchema } from '@rollcall/contracts';
import type { Config } from '@rollcall/platform';
import { type Check, codeOf, type Finding, failed, ok, warning } from './check.js';

const NAME = 'port';
const ANSWER_TIMEOUT_MS = 5_000;

type Settings = Pick<Config, 'host' | 'port' | 'tls'>;

/** Whether the API can listen where it is told to, or does already. */
export function checkPort(config: Settings): Check {
  const { host, port } = config;
  return {
    name: NAME,
    mend: `See who listens there: ss -ltnp "sport = :${port}"`,
    async run() {
      const obstacle = await listenOnce(host, port);
      if (obstacle === undefined) return [ok(NAME, port === 0 ? 'any free one' : `${host}:${port} is free`)];
      if (obstacle === 'EADDRINUSE') return [await whoListens(config)];
      const mends: Record<string, string> = {
        EACCES: 'Take a port from 1024 on, or allow lower ones: export PORT=5000',
        EADDRNOTAVAIL: 'Set HOST to an address of this machine: hostname -I',
        ENOTFOUND: 'Set HOST to an address of this machine: hostname -I',
      };
      const mend = mends[obstacle] ?? 'Choose another HOST or PORT: export PORT=5001';
      return [failed(NAME, `cannot listen on ${host}:${port} (${obstacle})`, mend)];
    },
  };
}

function listenOnce(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(codeOf(error)));
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}

async function whoListens({ host, port, tls }: Settings): Promise<Finding> {
  const place = `${host}:${port}`;
  const answer = await askReadiness(host, port, tls !== undefined);
  const reply = readinessReplySchema.safeParse(answer).data;
  if (reply === undefined) {
    const mend = `Stop the other program, or choose another PORT: ss -ltnp "sport = :${port}"`;
    return failed(NAME, `another program listens on ${place}`, mend);
  }
  if (reply.status === 'ready') return ok(NAME, `Rollcall answers on ${place}, and is ready`);
  const lacking = Object.entries(reply.checks).flatMap(([name, { ok }]) => (ok ? [] : [name]));
  const mend = `Mend what it lacks, see below or in its log: curl ${tls ? 'https' : 'http'}://${place}/readyz`;
  return warning(NAME, `Rollcall answers on ${place}, but is not ready: ${lacking.join(', ')}`, mend);
}

/** What is answered to `GET /readyz`; undefined when that is no JSON. */
function askReadiness(host: string, port: number, isTls: boolean): Promise<unknown> {
  const address = ({ '0.0.0.0': '127.0.0.1', '::': '::1' } as Record<string, string>)[host] ?? host;
  // The certificate is for the name that others know; the check of TLS looks at it.
  const options = { host: address, port, path: '/readyz', agent: false, rejectUnauthorized: false };
  return new Promise((resolve) => {
    const request = (isTls ? https : http).get({ ...options, timeout: ANSWER_TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > 10_000) response.destroy();
      });
      response.on('close', () => resolve(parsed(text)));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(undefined));
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
