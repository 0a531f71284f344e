import { parseArgs } from 'node:util';
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
import { printJson, runTask } from './command.js';
import { TOKEN, TOKEN_OPTIONS } from './commands/token.js';

type Settings = Pick<Config, 'apiTokensFile' | 'audit'>;

/**
 * Makes, shows and revokes the access tokens of the API. A running API follows within seconds.
 * @returns the process's exit status.
 */
export async function token(operands: string[]): Promise<number> {
  return await runTask(TOKEN, { create, list, revoke }, operands);
}

/** The token is all that goes to standard output: `TOKEN=$(rollcall token create …)`. */
async function create(operands: string[]): Promise<number> {
  const { apiTokensFile: file, audit }: Settings = loadConfig();
  const { values } = parseArgs({ args: operands, options: TOKEN_OPTIONS.create });
  const { name } = values;
  if (name === undefined) throw new ConfigError(`A token needs a name, such as --name north-terminal.`);
  const [scopes, gates] = [partsOf(values.scopes), partsOf(values.gates)];
  const expiresAt = values.expires === undefined ? undefined : expiryOf(values.expires, Date.now());
  const created = await createToken(file, { name, scopes, gates, expiresAt });
  await audited({ audit }, (record) =>
    record({ action: 'token_create', outcome: 'done', token: created.id, detail: { scopes, gates } }),
  );
  if (values.json)
    printJson({ id: created.id, token: created.token, name, scopes, gates, expires_at: expiresAt ?? null });
  else process.stdout.write(`${created.token}\n`);
  process.stderr.write(
    `Token ${created.id} "${name}" is for ${scopes.join(', ')} at ${gates.join(', ') || 'every gate'} and ` +
      `${expiresAt ? `expires at ${expiresAt.toISOString()}` : 'does not expire'}.\n` +
      `It is shown only this once: keep it safe. Its hash is kept in ${file}\n`,
  );
  return 0;
}

async function list(operands: string[]): Promise<number> {
  const { values } = parseArgs({ args: operands, options: TOKEN_OPTIONS.list });
  const tokens = await listTokens(loadConfig().apiTokensFile);
  if (values.json) printJson(tokens);
  else process.stdout.write(tableOf(tokens));
  return 0;
}

async function revoke(operands: string[]): Promise<number> {
  const { apiTokensFile: file, audit }: Settings = loadConfig();
  const { values, positionals } = parseArgs({
    args: operands,
    allowPositionals: true,
    options: TOKEN_OPTIONS.revoke,
  });
  const [idOrName] = positionals;
  if (idOrName === undefined || positionals.length > 1)
    throw new ConfigError('Revoke which one? rollcall token revoke ID');
  const revoked = await revokeToken(file, idOrName);
  await audited({ audit }, (record) => record({ action: 'token_revoke', outcome: 'done', token: revoked.id }));
  if (values.json) printJson(revoked);
  else
    process.stdout.write(`Token ${revoked.id} "${revoked.name}" is revoked; running APIs refuse it within seconds.\n`);
  return 0;
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
