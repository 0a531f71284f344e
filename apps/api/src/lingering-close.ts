import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';

export interface LingerOptions {
  /** For how long what a client still sends is read after the reply. */
  readonly maxMs?: number;
  /** How much of it. */
  readonly maxBytes?: number;
}

const MAX_MS = 2_000;
const MAX_BYTES = 64 * 1024 * 1024;
const LOOK_MS = 50;

/**
 * Whoever is refused is told before the photo has arrived. If the connection ends with that reply, as HTTP/1.0 proxies and many
 * clients ask, closing it at once would reset it while the client still sends, and many then do not read the reply. So the
 * server ends its side only, and reads on for a moment.
 */
export function lingerOnClose(server: Pick<Server, 'prependListener'>, options: LingerOptions = {}): void {
  const { maxMs = MAX_MS, maxBytes = MAX_BYTES } = options;
  server.prependListener('request', (incoming: IncomingMessage) => {
    const { socket } = incoming;
    let lingers = false;
    // Called after the last reply of a connection, by Node, and again by whoever has drained it for long enough.
    socket.destroySoon = () => {
      if (lingers) return;
      lingers = !incoming.complete && !socket.destroyed;
      if (lingers) linger(incoming, maxMs, socket.bytesRead + maxBytes);
      else Socket.prototype.destroySoon.call(socket);
    };
  });
}

function linger(incoming: IncomingMessage, maxMs: number, maxBytesRead: number): void {
  const { socket } = incoming;
  socket.end();
  incoming.resume();
  const until = performance.now() + maxMs;
  const timer = setInterval(() => {
    if (incoming.complete || performance.now() > until || socket.bytesRead > maxBytesRead) socket.destroy();
  }, LOOK_MS);
  socket.once('close', () => clearInterval(timer));
}
