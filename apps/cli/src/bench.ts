import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '@rollcall/platform';

const SCRIPT = fileURLToPath(new URL('../../../test/dist/bench/main.js', import.meta.url));

/**
 * Runs the benchmark of the test workspace with the same operands.
 * @returns its exit status.
 */
export async function bench(operands: string[]): Promise<number> {
  if (!existsSync(SCRIPT)) {
    throw new ConfigError(
      'The benchmark is part of the test workspace, which is not built here. In a checkout of Rollcall run\n\n' +
        '  npm ci && npm run build && npx rollcall bench --quick',
    );
  }
  const child = spawn(process.execPath, [SCRIPT, ...operands], { stdio: 'inherit' });
  // A terminal sends the signal to both; this process only waits for the other to end.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
