// The command line of one machine: `start` runs the whole system, `import` brings reference photos in.
import { parseArgs } from 'node:util';
import { ConfigError, runMain } from '@rollcall/platform';
import { importPhotos } from './import.js';
import { reindex } from './reindex.js';
import { start } from './start.js';

const HELP = `Usage: rollcall <command>

  start            run API, workers and a private Redis on this machine
  import SOURCE    bring reference photos into the store; SOURCE is a folder of
                   <employee_id>/face_*, a .zip of one, or a .csv manifest with
                   the columns employee_id,path
      --force      also take photos that do not resemble the employee's others
      --report F   write what was refused or warned of to F (.csv or .json)
  reindex          make the embeddings again that are missing or of another
                   model version; the service may run meanwhile

Everything is configured by environment variables; README.md lists them.
`;

await runMain(async () => {
  const { positionals, values } = parseCommandLine();
  const [command, ...operands] = positionals;
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (command === 'start' && operands.length === 0) return start();
  if (command === 'import' && operands[0] !== undefined && operands.length === 1) {
    process.exitCode = await importPhotos(operands[0], { force: values.force, report: values.report });
    return;
  }
  if (command === 'reindex' && operands.length === 0) {
    process.exitCode = await reindex();
    return;
  }
  throw new ConfigError(HELP);
}, ['ModelFileError', 'ExecutionProviderError', 'BlobStoreError']);

function parseCommandLine() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        force: { type: 'boolean', default: false },
        report: { type: 'string' },
      },
    });
  } catch (error) {
    throw new ConfigError(`${error instanceof Error ? error.message : error}\n\n${HELP}`);
  }
}
