import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { CallbackTarget } from '@rollcall/platform';

/** The addresses of a host name; rejects when it has none. */
export type ResolveName = (hostname: string) => Promise<readonly LookupAddress[]>;

export interface Post {
  readonly target: CallbackTarget;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** From looking up the name to the status of the reply. */
  readonly timeoutMs: number;
  readonly resolveName?: ResolveName;
}

export interface PostReply {
  readonly status: number;
  /** Of `Retry-After`, if it is told in seconds. */
  readonly retryAfterSeconds: number | undefined;
}

/** The host's name leads to an address to which no callback may go. */
export class AddressNotAllowedError extends Error {
  override readonly name = 'AddressNotAllowedError';
}

export const resolveBySystem: ResolveName = (hostname) => lookup(hostname, { all: true });

/**
 * POSTs a body to where a stranger says. Each call makes a connection of its own, to an address that has been checked;
 * redirects are not followed, and of the reply nothing is read but its head.
 *
 * @throws {AddressNotAllowedError}, and Node's errors of the connection, none of which tells more of the URL than its host.
 */
export function post({ target, headers, body, timeoutMs, resolveName = resolveBySystem }: Post): Promise<PostReply> {
  const { url, mayConnect } = target;
  return new Promise((resolve, reject) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      agent: false,
      lookup: checkedLookup(resolveName, mayConnect),
      // No NODE_TLS_REJECT_UNAUTHORIZED turns that off.
      rejectUnauthorized: true,
      signal: timeout,
    });
    request.on('error', (error) => reject(timeout.aborted ? new Error('no answer in time') : error));
    // Also without an error, when the receiver wants another protocol.
    request.on('close', () => reject(new Error('the receiver hung up')));
    request.on('response', (response) => {
      response.on('error', () => undefined);
      response.destroy();
      const seconds = /^\d{1,6}$/.exec(response.headers['retry-after'] ?? '')?.[0];
      resolve({ status: response.statusCode ?? 0, retryAfterSeconds: seconds ? Number(seconds) : undefined });
    });
    request.end(body);
  });
}

/** The connection is made to what this returns, so that no second look at the name can lead it elsewhere. */
function checkedLookup(resolveName: ResolveName, mayConnect: (address: string) => boolean): LookupFunction {
  async function checked(hostname: string): Promise<LookupAddress[]> {
    const addresses = await resolveName(hostname);
    if (addresses.length === 0 || !addresses.every(({ address }) => mayConnect(address))) {
      throw new AddressNotAllowedError('the host name leads to an address to which no callback may go');
    }
    return [...addresses];
  }
  return (hostname, { all }, callback) => {
    checked(hostname).then(
      (addresses) =>
        all ? callback(null, addresses) : callback(null, addresses[0]?.address ?? '', addresses[0]?.family),
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };
}
