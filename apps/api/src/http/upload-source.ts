import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** The body of a request and what its headers say about it. */
export interface UploadSource {
  readonly body: Readable;
  /** Empty when there is none. */
  readonly contentType: string;
  /** Bytes; undefined when the request does not tell (chunked). */
  readonly contentLength: number | undefined;
  /** Bytes that the connection has brought since, with whatever the body is wrapped in. */
  bytesOnWire(): number;
}

/** From the socket itself where there is one, or from the Request of a test. The Request's own body must stay untouched. */
export function uploadSource(request: Request, incoming?: IncomingMessage): UploadSource {
  const length = (incoming ? incoming.headers['content-length'] : request.headers.get('content-length')) ?? '';
  const before = incoming?.socket.bytesRead ?? 0;
  return {
    body: incoming ?? fromWeb(request),
    contentType: (incoming ? incoming.headers['content-type'] : request.headers.get('content-type')) ?? '',
    contentLength: /^\d+$/.test(length) ? Number(length) : undefined,
    bytesOnWire: () => (incoming?.socket.bytesRead ?? 0) - before,
  };
}

function fromWeb({ body }: Request): Readable {
  return body === null ? Readable.from([]) : Readable.fromWeb(body);
}
