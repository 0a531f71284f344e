import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** A request as it is written to the socket. Header values are latin1: each letter is one byte. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** The request with the headers that it needs, unless it brings them itself; asks for the connection to be closed. */
export function bytesOf({ method, path, headers, body }: RawRequest, host = 'localhost'): Buffer {
  const own = (name: string) => headers.some(([other]) => other.toLowerCase() === name);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...(own('host') ? [] : [`Host: ${host}`]),
    ...(own('connection') ? [] : ['Connection: close']),
    ...(own('content-length') || own('transfer-encoding') ? [] : [`Content-Length: ${body.length}`]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

/** A reply as it came over the wire. */
export interface RawReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** What a server made of some bytes. */
export interface Exchange {
  /** Whole replies, interim ones (1xx) left out. */
  readonly replies: readonly RawReply[];
  /** What came and is no whole reply. */
  readonly rest: Buffer;
  /** Whether the server ended the connection. */
  readonly hungUp: boolean;
  /** Bytes that it took before the connection ended. */
  readonly sent: number;
}

export interface ExchangeOptions {
  /** Replies to HEAD have no body, whatever their headers say. */
  readonly isHead?: boolean;
  /** Ends our half of the connection behind the bytes. */
  readonly endAfter?: boolean;
  /** After this long without a byte from the server the connection is ended. */
  readonly patienceMs?: number;
}

/** So long nothing may follow a whole reply until it counts as the last. */
const QUIET_MS = 40;

/** A connection to the server of a URL, `https:` too. The certificate is not what is attacked. */
export function open(url: string): Socket {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'https:') {
    return connectTls({ host, port: Number(port || 443), servername: hostname, rejectUnauthorized: false });
  }
  return connect({ host, port: Number(port || 80) });
}

/** Sends bytes that no HTTP client would and reads what comes back. Never rejects. */
export function exchange(url: string, bytes: Uint8Array, options: ExchangeOptions = {}): Promise<Exchange> {
  const { isHead = false, endAfter = false, patienceMs = 10_000 } = options;
  return new Promise((resolve) => {
    const socket = open(url);
    const chunks: Buffer[] = [];
    let hungUp = false;
    let timer = setTimeout(giveUp, patienceMs);

    function giveUp(): void {
      socket.destroy();
    }

    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const { replies, rest } = parseReplies(Buffer.concat(chunks), { isHead, isOver: false });
      clearTimeout(timer);
      timer = setTimeout(giveUp, replies.length > 0 && rest.length === 0 ? QUIET_MS : patienceMs);
    });
    socket.on('end', () => {
      hungUp = true;
    });
    socket.on('close', (hadError) => {
      clearTimeout(timer);
      const parsed = parseReplies(Buffer.concat(chunks), { isHead, isOver: true });
      resolve({ ...parsed, hungUp: hungUp || hadError, sent: socket.bytesWritten - socket.writableLength });
    });
    if (endAfter) socket.end(bytes);
    else socket.write(bytes);
  });
}

/** The one value of a header, undefined when there is none. Several are joined. */
export function headerOf({ headers }: RawReply, name: string): string | undefined {
  const values = headers.filter(([other]) => other === name).map(([, value]) => value);
  return values.length > 0 ? values.join(', ') : undefined;
}

/** @param isOver the connection has ended, and with it a body that tells no length. */
function parseReplies(bytes: Buffer, { isHead, isOver }: { isHead: boolean; isOver: boolean }) {
  const replies: RawReply[] = [];
  let rest = bytes;
  for (;;) {
    const parsed = parseReply(rest, isHead, isOver);
    if (!parsed) return { replies, rest };
    rest = rest.subarray(parsed.length);
    if (parsed.reply.status >= 200) replies.push(parsed.reply);
  }
}

function parseReply(bytes: Buffer, isHead: boolean, isOver: boolean): { reply: RawReply; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [first = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})( |$)/.exec(first)?.[1]);
  if (!status) return undefined;
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const head = { status, headers, body: Buffer.alloc(0) };
  const start = headEnd + 4;
  if (isHead || status < 200 || status === 204 || status === 304) return { reply: head, length: start };
  const found = bodyOf(bytes.subarray(start), head, isOver);
  return found && { reply: { ...head, body: found.body }, length: start + found.length };
}

function bodyOf(bytes: Buffer, head: RawReply, isOver: boolean): { body: Buffer; length: number } | undefined {
  if (headerOf(head, 'transfer-encoding') === 'chunked') return unchunk(bytes);
  const told = headerOf(head, 'content-length');
  if (told === undefined) return isOver || isBare(head) ? { body: bytes, length: bytes.length } : undefined;
  const length = Number(told);
  return bytes.length >= length ? { body: bytes.subarray(0, length), length } : undefined;
}

/** Node's own refusals have neither a body nor a length. */
function isBare({ headers }: RawReply): boolean {
  return headers.length === 1 && headers[0]?.[0] === 'connection';
}

function unchunk(bytes: Buffer): { body: Buffer; length: number } | undefined {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    const start = lineEnd + 2;
    if (Number.isNaN(size) || bytes.length < start + size + 2) return undefined;
    chunks.push(bytes.subarray(start, start + size));
    at = start + size + 2;
    if (size === 0) return { body: Buffer.concat(chunks), length: at };
  }
}
