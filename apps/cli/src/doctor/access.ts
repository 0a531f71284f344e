import { isLoopback } from '@rollcall/api/loopback';
import { type Config, ConfigError, listTokens, type TokenListing } from '@rollcall/platform';
import { type Check, type Finding, failed, messageOf, ok, warning } from './check.js';
import { modeOf, octal } from './places.js';

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;
const CREATE = 'npx rollcall token create --name admin --scopes admin';

/** Whether the API asks for tokens where others can reach it, and the tokens and their file are fit for it. */
export function checkAccess({ host, apiTokensFile: file }: Pick<Config, 'host' | 'apiTokensFile'>): Check {
  return {
    name: 'tokens',
    mend: `See whether the file's disk answers: ls -l ${file}`,
    async run() {
      const mode = await modeOf(file);
      if (mode === undefined) return [await withoutTokens(host)];
      return [await tokensFinding(file), permissions(file, mode)];
    },
  };
}

async function withoutTokens(host: string): Promise<Finding> {
  if (await isLoopback(host)) return ok('tokens', `none, and HOST=${host} is reached from this machine only`);
  const mend = `Make the first token, or leave HOST at 127.0.0.1: ${CREATE}`;
  return failed('tokens', `none, but HOST=${host} is reached from other machines: the API does not start`, mend);
}

async function tokensFinding(file: string): Promise<Finding> {
  let tokens: TokenListing[];
  try {
    tokens = await listTokens(file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return failed('tokens', messageOf(error), `Restore it from a copy, or begin anew: mv ${file} ${file}.broken`);
  }
  const active = tokens.filter(({ state }) => state === 'active');
  if (active.length === 0) return warning('tokens', 'none is active: every request is refused', `Make one: ${CREATE}`);
  const soon = Date.now() + SOON_DAYS * DAY_MS;
  const expiring = active.filter(({ expires_at }) => expires_at !== undefined && Date.parse(expires_at) < soon);
  if (expiring.length === 0) return ok('tokens', `${active.length} active`);
  const names = expiring.map(({ name, expires_at }) => `"${name}" (${expires_at})`).join(', ');
  const mend = 'Make another and give it to the terminal: npx rollcall token create --name NAME --scopes SCOPES';
  return warning('tokens', `${active.length} active, of which expire within ${SOON_DAYS} days: ${names}`, mend);
}

function permissions(file: string, mode: number): Finding {
  const name = 'tokens-file';
  const mend = `Keep it to this user: chmod 600 ${file}`;
  const seen = `${file} has mode ${octal(mode)}`;
  if ((mode & 0o022) !== 0) return failed(name, `${seen}: others can add tokens to it`, mend);
  return (mode & 0o044) !== 0 ? warning(name, `${seen}: others can read it`, mend) : ok(name, seen);
}
