// `npm run attack -- URL`: tries the attacks of docs/security.md on a running Rollcall and tells which of them fail to fail.
import { parseArgs } from 'node:util';
import { ATTACKS } from './all.js';
import { attemptAll, TOKEN_NAMES, type TokenName } from './attack.js';
import { tableOf } from './table.js';
import { createVictim } from './victim.js';

const USAGE = `Usage: npm run attack -- URL [--tokens NAME=TOKEN,…] [--employee ID]

Tries attacks on a running Rollcall: some hundred requests, for as long as it lets a slow upload live.
Nothing is enrolled or erased unless --employee names somebody who does not exist and may be made for a moment.

  --tokens    ${TOKEN_NAMES.join(', ')}: what is missing is left out, and named.
              verify and other: two tokens with the scope verify only. admin: scope admin.
              flood: one whose requests of a minute may be used up. revoked, expired: no longer valid.

Exit status 1 when an attack succeeded, 2 when it could not be tried.
`;

function tokensOf(text: string): Partial<Record<TokenName, string>> {
  const pairs = text
    .split(',')
    .filter((pair) => pair !== '')
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const);
  const unknown = pairs.find(([name]) => !TOKEN_NAMES.some((known) => known === name));
  if (unknown) throw new Error(`--tokens knows no "${unknown[0]}", only ${TOKEN_NAMES.join(', ')}.`);
  return Object.fromEntries(pairs);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tokens: { type: 'string', default: '' },
      employee: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [url] = positionals;
  if (values.help || url === undefined || !URL.canParse(url)) {
    process.stdout.write(USAGE);
    return values.help ? 0 : 2;
  }
  const victim = await createVictim({ url, tokens: tokensOf(values.tokens), employee: values.employee });
  const rows = await attemptAll(ATTACKS, victim);
  process.stdout.write(tableOf(rows));
  return rows.some(({ verdict }) => verdict === 'FAILED') ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
