import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6 } from 'node:net';
import { ConfigError } from '@rollcall/platform';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether nobody but this machine's users can connect to the host. */
export async function isLoopback(host: string): Promise<boolean> {
  const addresses = await lookup(host, { all: true }).catch(() => []);
  return (
    addresses.length > 0 && addresses.every(({ address }) => loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'))
  );
}

/**
 * Without access tokens the API may listen on loopback only.
 * @throws {ConfigError} that says how to make a token, when others could connect.
 */
export async function assertLoopback(host: string): Promise<void> {
  if (await isLoopback(host)) return;
  throw new ConfigError(
    `HOST=${host} can be reached from other machines, and there is no access token: everybody there could enrol, read and erase faces.
Make the first token (it is shown once), then start again:

  npm run token -- create --name admin --scopes admin

or leave HOST at its default, 127.0.0.1.`,
  );
}
