import { fileURLToPath } from 'node:url';
import { runNode } from './run.js';

const CLI = fileURLToPath(new URL('../../../apps/cli/dist/main.js', import.meta.url));

/** Makes an access token as an operator does, with `npm run token -- create`. */
export async function createToken(
  settings: Readonly<Record<string, string>>,
  name: string,
  scopes: string,
  ...options: string[]
): Promise<string> {
  const operands = ['token', 'create', '--name', name, '--scopes', scopes, ...options];
  const { code, stdout, stderr } = await runNode(CLI, operands, settings);
  if (code !== 0) throw new Error(`no token was made: ${stderr}`);
  return stdout.trim();
}

/** The public part of a token, which logs and the audit log tell. */
export function idOf(token: string): string {
  return token.split('_')[1] ?? '';
}

/** As a browser sends what was typed into its dialog. */
export function basic(token: string, user = 'anybody'): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}` };
}

export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}
