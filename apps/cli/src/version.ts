import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { printJson } from './command.js';
import { VERSION_OPTIONS } from './commands/version.js';

/** Of Rollcall, all of whose packages have one version. */
export function rollcallVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return z.object({ version: z.string() }).parse(manifest).version;
}

/** Prints what this is. */
export async function version(operands: string[]): Promise<number> {
  const { values } = parseArgs({ args: operands, options: VERSION_OPTIONS });
  const facts = { version: rollcallVersion(), node: process.version, platform: process.platform, arch: process.arch };
  if (values.json) printJson(facts);
  else process.stdout.write(`rollcall ${facts.version} (Node.js ${facts.node}, ${facts.platform} ${facts.arch})\n`);
  return 0;
}
