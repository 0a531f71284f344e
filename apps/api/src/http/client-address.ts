import { BlockList, isIP, isIPv6 } from 'node:net';
import { ConfigError } from '@rollcall/platform';

/** The client's address, from the connection and what trusted proxies say about it. */
export type ClientAddress = (remoteAddress: string | undefined, forwardedFor: string | undefined) => string;

/**
 * Believes `X-Forwarded-For` only as far as the addresses in it, read from the right, belong to the given proxies: the first
 * other one is the client. IPv4 addresses in IPv6 notation are told as IPv4.
 *
 * @param proxies addresses or networks, e.g. `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`.
 * @throws {ConfigError} when one is neither.
 */
export function createClientAddress(proxies: readonly string[]): ClientAddress {
  const trusted = new BlockList();
  for (const proxy of proxies) trust(trusted, proxy);
  const isTrusted = (address: string) => trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  return (remoteAddress = 'unknown', forwardedFor = '') => {
    let client = plain(remoteAddress);
    if (proxies.length === 0) return client;
    for (const part of forwardedFor.split(',').reverse()) {
      const next = plain(part.trim());
      if (!isIP(client) || !isTrusted(client) || !isIP(next)) break;
      client = next;
    }
    return client;
  };
}

/**
 * What is limited as one caller: an IPv4 address, or the /64 network of an IPv6 address, all of which one host can have.
 */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : new Array(Math.max(0, 8 - groups.length - after.length)).fill('0');
  return `${[...groups, ...zeros, ...after].slice(0, 4).join(':')}::/64`;
}

function plain(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

function trust(trusted: BlockList, proxy: string): void {
  const [address = '', prefix] = proxy.split('/');
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  try {
    if (prefix === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(prefix), family);
  } catch (error) {
    throw new ConfigError(`TRUSTED_PROXIES: "${proxy}" is no address and no network such as 10.0.0.0/8`, {
      cause: error,
    });
  }
}
