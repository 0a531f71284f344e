import { parseArgs } from 'node:util';
import { SCOPES } from '@rollcall/contracts';
import {
  type Config,
  ConfigError,
  createToken,
  listTokens,
  loadConfig,
  revokeToken,
  type TokenListing,
} from '@rollcall/platform';
import { z } from 'zod';
import { audited } from './audited.js';

const USAGE = `What to do with the access tokens?

  rollcall token create --name NAME --scopes ${SCOPES.join(',')}
                        [--gates GATE,GATE] [--expires 90d | 2030-12-31]
  rollcall token list [--json]
  rollcall token revoke ID`;

type Settings = Pick<Config, 'apiTokensFile' | 'audit'>;

const ACTIONS: Readonly<Record<string, (operands: string[], settings: Settings) => Promise<void>>> = {
  create,
  list,
  revoke,
};

/**
 * Makes, shows and revokes the access tokens of the API. A running API follows within seconds.
 * @returns the process's exit status.
 */
export async function token([name = '', ...operands]: string[]): Promise<number> {
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (!action) throw new ConfigError(USAGE);
  await action(operands, loadConfig());
  return 0;
}

/** The token is all that goes to standard output: `TOKEN=$(rollcall token create …)`. */
async function create(operands: string[], { apiTokensFile: file, audit }: Settings): Promise<void> {
  const { values } = parseArgs({
    args: operands,
    options: {
      name: { type: 'string' },
      scopes: { type: 'string' },
      gates: { type: 'string' },
      expires: { type: 'string' },
    },
  });
  const { name } = values;
  if (name === undefined) throw new ConfigError(`A token needs a name, such as --name north-terminal.\n\n${USAGE}`);
  const [scopes, gates] = [partsOf(values.scopes), partsOf(values.gates)];
  const expiresAt = values.expires === undefined ? undefined : expiryOf(values.expires, Date.now());
  const created = await createToken(file, { name, scopes, gates, expiresAt });
  await audited({ audit }, (record) =>
    record({ action: 'token_create', outcome: 'done', token: created.id, detail: { scopes, gates } }),
  );
  process.stdout.write(`${created.token}\n`);
  process.stderr.write(
    `Token ${created.id} "${name}" is for ${scopes.join(', ')} at ${gates.join(', ') || 'every gate'} and ` +
      `${expiresAt ? `expires at ${expiresAt.toISOString()}` : 'does not expire'}.\n` +
      `It is shown only this once: keep it safe. Its hash is kept in ${file}\n`,
  );
}

async function list(operands: string[], { apiTokensFile: file }: Settings): Promise<void> {
  const { values } = parseArgs({ args: operands, options: { json: { type: 'boolean', default: false } } });
  const tokens = await listTokens(file);
  process.stdout.write(values.json ? `${JSON.stringify(tokens, null, 2)}\n` : tableOf(tokens));
}

async function revoke(operands: string[], { apiTokensFile: file, audit }: Settings): Promise<void> {
  const { positionals } = parseArgs({ args: operands, allowPositionals: true });
  const [idOrName] = positionals;
  if (idOrName === undefined || positionals.length > 1) throw new ConfigError(`Revoke which one?\n\n${USAGE}`);
  const revoked = await revokeToken(file, idOrName);
  await audited({ audit }, (record) => record({ action: 'token_revoke', outcome: 'done', token: revoked.id }));
  process.stdout.write(`Token ${revoked.id} "${revoked.name}" is revoked; running APIs refuse it within seconds.\n`);
}

function partsOf(text = ''): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

const HOURS: Readonly<Record<string, number>> = { h: 1, d: 24, w: 168 };
const dateSchema = z.union([z.iso.date(), z.iso.datetime({ offset: true })]);

/** A span from `now` on, or a moment; a date alone is its beginning in UTC. */
function expiryOf(text: string, now: number): Date {
  const [, count, unit = ''] = /^(\d{1,5})([hdw])$/.exec(text) ?? [];
  if (count !== undefined) return new Date(now + Number(count) * (HOURS[unit] ?? 0) * 3_600_000);
  if (dateSchema.safeParse(text).success) return new Date(text);
  throw new ConfigError(
    '--expires must be a span such as 12h, 90d or 52w, a date such as 2030-12-31, or a moment such as 2030-12-31T18:00:00Z.',
  );
}

const HEADINGS = ['ID', 'NAME', 'SCOPES', 'GATES', 'CREATED', 'EXPIRES', 'STATE'];

function tableOf(tokens: readonly TokenListing[]): string {
  const rows = tokens.map(({ id, name, scopes, gates, created_at, expires_at, state }) => [
    id,
    name,
    scopes.join(','),
    gates?.join(',') ?? 'every',
    created_at,
    expires_at ?? 'never',
    state,
  ]);
  const table = [HEADINGS, ...rows];
  const widths = HEADINGS.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
