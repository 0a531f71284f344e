// The command line of one machine: `start` runs the whole system, `import` brings reference photos in.
import { parseArgs } from 'node:util';
import { ConfigError, runMain } from '@rollcall/platform';
import { importFolder } from './import.js';
import { start } from './start.js';

const HELP = `Usage: rollcall <command>

  start            run API, workers and a private Redis on this machine
  import FOLDER    bring FOLDER/<employee_id>/face_* into the store

Everything is configured by environment variables; README.md lists them.
`;

await runMain(async () => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    strict: false,
    options: { help: { type: 'boolean', short: 'h' } },
  });
  const [command, ...operands] = positionals;
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (command === 'start' && operands.length === 0) return start();
  if (command === 'import' && operands[0] !== undefined && operands.length === 1) {
    process.exitCode = await importFolder(operands[0]);
    return;
  }
  throw new ConfigError(HELP);
}, ['ModelFileError', 'ExecutionProviderError', 'BlobStoreError']);
