import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { ConfigError } from '../config-error.js';

export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  /** In Prometheus' text format. */
  readonly collect: () => Promise<string>;
  readonly isReady: () => boolean;
  readonly onError: (error: unknown) => void;
}

export interface MetricsServer {
  readonly url: string;
  close(): void;
}

interface Reply {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

const PLAIN = 'text/plain; charset=utf-8';

/** What those may hold who only look: Prometheus keeps its connection, a probe does not. */
const MAX_CONNECTIONS = 32;
const TIMEOUT_MS = 10_000;

/**
 * For a process that serves nothing else: `/metrics`, `/healthz` (it is alive) and `/readyz` (it works).
 * @throws {ConfigError} when the address cannot be used.
 */
export async function serveMetrics(options: MetricsServerOptions): Promise<MetricsServer> {
  const { host, port, collect, isReady, onError } = options;

  async function answer(method = '', url = ''): Promise<Reply> {
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'GET only\n' };
    switch (url.split('?')[0]) {
      case '/metrics':
        return { status: 200, body: await collect(), type: Registry.PROMETHEUS_CONTENT_TYPE };
      case '/healthz':
        return { status: 200, body: 'ok\n' };
      case '/readyz':
        return isReady() ? { status: 200, body: 'ready\n' } : { status: 503, body: 'not ready\n' };
      default:
        return { status: 404, body: 'not found\n' };
    }
  }

  const server = createServer({ requestTimeout: TIMEOUT_MS, headersTimeout: TIMEOUT_MS }, async (request, response) => {
    const {
      status,
      body,
      type = PLAIN,
    } = await answer(request.method, request.url).catch((error: unknown) => {
      onError(error);
      return { status: 500, body: 'failed\n' } as Reply;
    });
    response.writeHead(status, {
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(port, host);
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EADDRINUSE' ? 'another program listens there' : error.message;
    throw new ConfigError(`Cannot listen on ${host}:${port}: ${why}. Choose another METRICS_HOST or METRICS_PORT.`, {
      cause: error,
    });
  });
  const { address, port: actual, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
