import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/**
 * What becomes of a request: it is answered, or told to slow down (503), or its answer ends half-way; or a conditional write
 * succeeds where there is an object, as at a server that does not know of If-None-Match.
 */
export type Treatment = 'answer' | 'slow down' | 'truncate' | 'ignore conditions';

export interface S3Request {
  readonly method: string;
  /** With the bucket, decoded. */
  readonly path: string;
}

/** A reverse proxy in front of an S3 server, which treats requests as S3 sometimes does. */
export interface S3Gateway {
  /** `127.0.0.1:…` */
  readonly address: string;
  /** From now on; everything is answered at first. */
  treat(choose: (request: S3Request) => Treatment): void;
  stop(): Promise<void>;
}

const SLOW_DOWN =
  '<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate</Message></Error>';

const TIMEOUT_MS = 10_000;

/** @param port of the S3 server on this machine. */
export async function startS3Gateway(port: number): Promise<S3Gateway> {
  let choose: (request: S3Request) => Treatment = () => 'answer';

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = incoming;
    const body = await buffer(incoming);
    const path = decodeURIComponent(new URL(url, 'http://s3').pathname);
    const treatment = choose({ method, path });
    if (treatment === 'slow down') {
      outgoing.writeHead(503, { 'content-type': 'application/xml' }).end(SLOW_DOWN);
      return;
    }
    // The Host header is passed on too, because it is signed.
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const upstream = request({ port, host: '127.0.0.1', method, path: url, headers, signal }).end(body);
    const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
    const content = await buffer(answer);
    if (treatment === 'ignore conditions' && answer.statusCode === 412) {
      outgoing.writeHead(200, { etag: '"00000000000000000000000000000000"' }).end();
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
    if (treatment !== 'truncate') outgoing.end(content);
    else outgoing.write(content.subarray(0, content.length / 2), () => outgoing.destroy());
  }

  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    treat(next) {
      choose = next;
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
