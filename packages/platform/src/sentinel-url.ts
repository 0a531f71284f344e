/** A Redis that is found through its Sentinels. */
export interface SentinelAddress {
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  /** What the Sentinels call the master. */
  readonly name: string;
  /** For the master, not for the Sentinels. */
  readonly username?: string;
  readonly password?: string;
}

const SCHEME = 'redis+sentinel://';
const DEFAULT_PORT = 26_379;

/**
 * Parses `redis+sentinel://[user:password@]host[:port],host[:port]/name`, which is no URL to `new URL()`: it has more than
 * one host. Undefined when it is something else.
 */
export function parseSentinelUrl(url: string): SentinelAddress | undefined {
  if (!url.startsWith(SCHEME)) return undefined;
  const [, credentials, hosts = '', name = ''] =
    /^(?:([^@/]*)@)?([^@/?#]+)\/([\w.-]+)$/.exec(url.slice(SCHEME.length)) ?? [];
  const sentinels = hosts.split(',').map(parseHost);
  const login = credentials === undefined ? {} : parseCredentials(credentials);
  return login && name !== '' && sentinels.every((host) => host !== undefined)
    ? { sentinels, name, ...login }
    : undefined;
}

function parseHost(text: string): { host: string; port: number } | undefined {
  if (!URL.canParse(`redis://${text}`)) return undefined;
  const url = new URL(`redis://${text}`);
  if (url.hostname === '') return undefined;
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: url.port === '' ? DEFAULT_PORT : Number(url.port) };
}

/** `user:password` or `:password`, with what is special in a URL as `%…`. */
function parseCredentials(text: string): Pick<SentinelAddress, 'username' | 'password'> | undefined {
  const [, username = '', password = ''] = /^([^:]*):([^:]+)$/.exec(text) ?? [];
  if (password === '') return undefined;
  try {
    return {
      ...(username !== '' && { username: decodeURIComponent(username) }),
      password: decodeURIComponent(password),
    };
  } catch {
    return undefined;
  }
}
