import type { AddressInfo } from 'node:net';
import type { ServerType } from '@hono/node-server';
import { ConfigError } from '@rollcall/platform';

/** Connections that may wait to be accepted: a burst at shift change must not be refused by the kernel. */
const BACKLOG = 4096;

/** Resolves with the server's URL. @throws {ConfigError} when the address cannot be used. */
export function listen(server: ServerType, { host, port }: { host: string; port: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another program listens there' : error.message;
      reject(
        new ConfigError(`Cannot listen on ${host}:${port}: ${why}. Choose another HOST or PORT.`, { cause: error }),
      );
    });
    server.listen({ host, port, backlog: BACKLOG }, () => {
      const { address, port: actual, family } = server.address() as AddressInfo;
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`);
    });
  });
}

/** Accepts no more connections and resolves when every request in progress has been answered. */
export function stopServing(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if ('closeIdleConnections' in server) server.closeIdleConnections();
  });
}
