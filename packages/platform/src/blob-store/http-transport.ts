import http from 'node:http';
import https from 'node:https';
import { TimeoutError } from '../with-timeout.js';

/** The server answered that it cannot do it now, or not itself. */
export class HttpStatusError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`HTTP status ${status}`);
    this.name = 'HttpStatusError';
    this.status = status;
  }
}

export interface HttpTransportOptions {
  readonly useSSL: boolean;
  /** Certificates to trust, in PEM, where the system's do not do. */
  readonly ca?: string | undefined;
  /** How long one exchange may take, from waiting for a socket to the last byte of the answer. */
  readonly timeoutMs: number;
}

export interface HttpTransport {
  readonly agent: http.Agent;
  request(options: https.RequestOptions, onResponse: (response: http.IncomingMessage) => void): http.ClientRequest;
}

const MAX_SOCKETS = 64;

/** The S3 client repeats requests on these in its own way, or fails without naming the status and without reading on. */
const UNAVAILABLE_STATUSES = new Set([408, 429, 499, 500, 502, 503, 504, 520]);

/** What the S3 client's own transport lacks: an end to every exchange, and the status of a failed one. */
export function createHttpTransport({ useSSL, ca, timeoutMs }: HttpTransportOptions): HttpTransport {
  const agentOptions = { keepAlive: true, maxSockets: MAX_SOCKETS };
  // Said aloud, so that no NODE_TLS_REJECT_UNAUTHORIZED turns it off.
  const agent = useSSL
    ? new https.Agent({ ...agentOptions, ca, rejectUnauthorized: true })
    : new http.Agent(agentOptions);
  const send = useSSL ? https.request : http.request;

  return {
    agent,
    request(options, onResponse) {
      let answer: http.IncomingMessage | undefined;
      const exchange = send(options, (response) => {
        answer = response;
        const status = response.statusCode ?? 0;
        if (!UNAVAILABLE_STATUSES.has(status)) return onResponse(response);
        // The body is read, for only then the socket can be used again.
        response.resume();
        exchange.emit('error', new HttpStatusError(status));
      });
      // Destroying the request would end its answer with ECONNRESET, which looks as if the server had done it.
      const timer = setTimeout(() => (answer ?? exchange).destroy(new TimeoutError(timeoutMs)), timeoutMs);
      exchange.once('close', () => clearTimeout(timer));
      return exchange;
    },
  };
}
