import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, Server as TcpServer } from 'node:net';
import { createSecureContext } from 'node:tls';
import { createAdaptorServer } from '@hono/node-server';
import { ConfigError, type TlsFiles } from '@rollcall/platform';
import { lingerOnClose } from './lingering-close.js';

export type Server = HttpServer | HttpsServer;

/** Connections that may wait to be accepted: a burst at shift change must not be refused by the kernel. */
const BACKLOG = 4096;

/** What is broken or slow below HTTP, Node answers by itself, with a bare 400, 408 or 431, and hangs up. */
const LIMITS = {
  headersTimeout: 10_000,
  connectionsCheckingInterval: 2000,
  // Longer than the 60 s after which common load balancers let an idle connection go: were it shorter, they would now and
  // then send a request into a connection that closes at this moment.
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
};
const MAX_HEADERS = 100;

const CLOSE_IDLE_EVERY_MS = 50;

/** How often the files of the certificate are looked at, so that its renewal needs no restart. */
const CERTIFICATE_CHECK_MS = 60_000;

export interface ServerOptions {
  readonly fetch: Parameters<typeof createAdaptorServer>[0]['fetch'];
  /** Undefined serves plain HTTP. */
  readonly tls: TlsFiles | undefined;
  /** For how long an upload may wait, and then for how long it may take. */
  readonly uploadTimeoutMs: number;
  /** A renewed certificate cannot be used; the old one stays. */
  readonly onCertificateError: (error: Error) => void;
  readonly certificateCheckMs?: number;
}

/** @throws {ConfigError} when the certificate or its key cannot be used. */
export function createServer(options: ServerOptions): Server {
  const { fetch, tls, uploadTimeoutMs } = options;
  // A backstop: uploads have clocks of their own, which answer in our words.
  const limits = { ...LIMITS, requestTimeout: 2 * uploadTimeoutMs + LIMITS.headersTimeout };
  const server = tls
    ? serveTls(tls, limits, options)
    : (createAdaptorServer({ fetch, createServer: createHttpServer, serverOptions: limits }) as HttpServer);
  server.maxHeadersCount = MAX_HEADERS;
  lingerOnClose(server);
  return server;
}

function serveTls(files: TlsFiles, limits: object, options: ServerOptions): HttpsServer {
  const { fetch, onCertificateError, certificateCheckMs = CERTIFICATE_CHECK_MS } = options;
  let current = readCertificate(files);
  const serverOptions = { ...limits, ...current, handshakeTimeout: LIMITS.headersTimeout };
  const server = createAdaptorServer({ fetch, createServer: createHttpsServer, serverOptions }) as HttpsServer;
  // By content: it also notices a link that is switched to another folder, and tries again what was half written.
  const check = setInterval(() => {
    try {
      const next = readCertificate(files);
      if (next.cert.equals(current.cert) && next.key.equals(current.key)) return;
      server.setSecureContext(next);
      current = next;
    } catch (error) {
      onCertificateError(error as Error);
    }
  }, certificateCheckMs);
  check.unref();
  server.on('close', () => clearInterval(check));
  return server;
}

function readCertificate(files: TlsFiles) {
  const secure = {
    cert: readPem('TLS_CERT', files.cert),
    key: readPem('TLS_KEY', files.key),
    minVersion: 'TLSv1.2',
  } as const;
  try {
    createSecureContext(secure);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
        ? 'the key does not belong to the certificate'
        : `one of them is not usable as PEM (${message})`;
    throw new ConfigError(`TLS_CERT, TLS_KEY: ${files.cert} and ${files.key} cannot be used: ${why}`, { cause: error });
  }
  return secure;
}

function readPem(variable: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new ConfigError(`${variable}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`, {
      cause: error,
    });
  }
}

/** Resolves with the server's URL. @throws {ConfigError} when the address cannot be used. */
export function listen(server: Server, { host, port }: { host: string; port: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another program listens there' : error.message;
      reject(
        new ConfigError(`Cannot listen on ${host}:${port}: ${why}. Choose another HOST or PORT.`, { cause: error }),
      );
    });
    server.listen({ host, port, backlog: BACKLOG }, () => {
      const { address, port: actual, family } = server.address() as AddressInfo;
      const scheme = 'setSecureContext' in server ? 'https' : 'http';
      resolve(`${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${actual}`);
    });
  });
}

/** What clients have sent on connections that were open is answered for this long after the end has begun. */
const LAST_REQUESTS_MS = 1_000;

/** Accepts no more connections and resolves when every request in progress has been answered. */
export function stopServing(server: Server): Promise<void> {
  // From now on each reply is the last of its connection.
  server.prependListener('request', (_request, response: ServerResponse) => response.setHeader('Connection', 'close'));
  return new Promise((resolve) => {
    let closing: NodeJS.Timeout | undefined;
    const begin = setTimeout(() => {
      closing = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_EVERY_MS);
    }, LAST_REQUESTS_MS);
    const close = () =>
      TcpServer.prototype.close.call(server, () => {
        clearTimeout(begin);
        clearInterval(closing);
        resolve();
      });
    // TCP's, for that of HTTP servers would reset idle connections at once, and with them the requests that are on their way;
    // and after the connections that the kernel has ready have been accepted, for they would be reset, too.
    setImmediate(close);
  });
}
