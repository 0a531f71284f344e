import { MAX_CALLBACK_URL } from '@rollcall/contracts';
import { z } from 'zod';
import { isInNetwork, isPublicAddress, networkList } from './public-address.js';

/** An entry of CALLBACK_HOSTS. */
export interface CallbackHost {
  readonly protocol: 'https:' | 'http:';
  /** As `URL` writes it; `*.example.com` stands for every name below `example.com`. */
  readonly hostname: string;
  /** As `URL` writes it: empty for the protocol's own. */
  readonly port: string;
  /** The addresses that the name may have, e.g. `10.0.0.0/8`; undefined: the public ones. */
  readonly network: string | undefined;
}

/** Where a callback may go. */
export interface CallbackTarget {
  readonly url: URL;
  /** Whether the connection may be made to this address, one of those that the URL's host name has. */
  readonly mayConnect: (address: string) => boolean;
}

const ENTRY_RULE =
  'must be a list of host, host:port, *.domain or http://host:port, each with =network when its addresses are private';

/** `host`, `host:port`, `*.domain`, `http://host:port`; with `=10.0.0.0/8` behind it when its addresses are private. */
export const callbackHostSchema = z.string().transform((text, context): CallbackHost => {
  const host = parseHost(text);
  if (host) return host;
  context.addIssue({ code: 'custom', message: ENTRY_RULE });
  return z.NEVER;
});

/**
 * The callback URL, if one of the hosts allows it. An address instead of a name is allowed only where that address is
 * listed; the addresses of a name are for `mayConnect` to judge, when the connection is made.
 */
export function checkCallbackUrl(text: string, hosts: readonly CallbackHost[]): CallbackTarget | undefined {
  if (text.length > MAX_CALLBACK_URL || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username || url.password) return undefined;
  const fitting = hosts.filter((host) => fits(url, host));
  if (fitting.length === 0) return undefined;
  return {
    url,
    mayConnect: (address) =>
      fitting.some(({ network }) => (network ? isInNetwork(address, network) : isPublicAddress(address))),
  };
}

function fits(url: URL, { protocol, hostname, port }: CallbackHost): boolean {
  if (url.protocol !== protocol || url.port !== port) return false;
  // No address ends like a domain: `URL` refuses a star in front of a number.
  return hostname.startsWith('*.') ? url.hostname.endsWith(hostname.slice(1)) : url.hostname === hostname;
}

function parseHost(text: string): CallbackHost | undefined {
  const [, place = '', network] = /^([^=]+)(?:=(.+))?$/.exec(text) ?? [];
  const full = place.includes('://') ? place : `https://${place}`;
  if (!URL.canParse(full) || (network !== undefined && !isNetwork(network))) return undefined;
  const { protocol, hostname, port, href, host } = new URL(full);
  if (protocol !== 'https:' && protocol !== 'http:') return undefined;
  // Nothing but a host: no path, no user. A star stands for what is in front of a domain, and for nothing else.
  if (href !== `${protocol}//${host}/` || /\*/.test(hostname.replace(/^\*\.(?=.)/, ''))) return undefined;
  return { protocol, hostname, port, network };
}

function isNetwork(text: string): boolean {
  try {
    networkList(text);
    return true;
  } catch {
    return false;
  }
}
