import { BlockList, isIPv4 } from 'node:net';

/** What the IANA registry of special-purpose IPv4 addresses does not call globally reachable, and multicast. */
const SPECIAL_IPV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;

/** Of the IPv6 addresses only these are given to networks on the Internet … */
const GLOBAL_IPV6 = { start: '2000::', bits: 3 };

/** … but for protocols, documentation, and the tunnels (Teredo, 6to4) that have an IPv4 address inside. */
const SPECIAL_IPV6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const;

const special = new BlockList();
for (const [start, bits] of SPECIAL_IPV4) special.addSubnet(start, bits, 'ipv4');
for (const [start, bits] of SPECIAL_IPV6) special.addSubnet(start, bits, 'ipv6');
const global = new BlockList();
global.addSubnet(GLOBAL_IPV6.start, GLOBAL_IPV6.bits, 'ipv6');

/**
 * Whether an address can be a stranger's on the Internet: not this machine, not a private network, not a cloud's metadata
 * service, not an IPv6 address that stands for an IPv4 one (mapped, NAT64). Anything that is not an address is not public.
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !special.check(address, 'ipv4');
  return isIn(global, address) && !isIn(special, address);
}

/** Whether the address is in a network, `10.0.0.0/8` or `fd00::/8`. @throws {Error} when the network is none. */
export function isInNetwork(address: string, network: string): boolean {
  return isIn(networkList(network), address);
}

/** @throws {Error} when the text is no network. */
export function networkList(network: string): BlockList {
  const [, start = '', bits] = /^([^/]+)\/(\d{1,3})$/.exec(network) ?? [];
  const list = new BlockList();
  list.addSubnet(start, Number(bits), isIPv4(start) ? 'ipv4' : 'ipv6');
  return list;
}

function isIn(list: BlockList, address: string): boolean {
  try {
    return list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  } catch {
    // No address.
    return false;
  }
}
