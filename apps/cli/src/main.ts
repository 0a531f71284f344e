// The command line of one machine: `start` runs the whole system, the others look after its data.
import { ConfigError, runMain } from '@rollcall/platform';

/** Runs with the command's own operands and resolves with the exit status. */
type Command = (operands: string[]) => Promise<number>;

/** Loaded when it is asked for: most commands need only a part of the house. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import('./start.js')).start,
  import: async () => (await import('./import.js')).importPhotos,
  reindex: async () => (await import('./reindex.js')).reindex,
  token: async () => (await import('./token.js')).token,
  'rotate-keys': async () => (await import('./rotate-keys.js')).rotateKeys,
  calibrate: async () => (await import('./calibrate.js')).calibrate,
  audit: async () => (await import('./audit.js')).audit,
};

const HELP = `Usage: rollcall <command>

  start            run API, workers and a private Redis on this machine
  import SOURCE    bring reference photos into the store; SOURCE is a folder of
                   <employee_id>/face_*, a .zip of one, or a .csv manifest with
                   the columns employee_id,path
      --force      also take photos that do not resemble the employee's others
      --report F   write what was refused or warned of to F (.csv or .json)
  reindex          make the embeddings again that are missing or of another
                   model version; the service may run meanwhile
  token create --name NAME --scopes verify,enroll,read,erase,admin
               [--gates GATE,GATE] [--expires 90d | 2030-12-31]
  token list [--json]
  token revoke ID  who may call the API; it needs a token as soon as there is one
  audit verify     check that no line of the audit log was changed, removed or
                   inserted
  audit show       print the audit log; --employee ID, --action A, --since TIME
  calibrate FOLDER how well the threshold fits photos of your own: FOLDER has a
                   folder for each person
      --far SHARE  propose a threshold for this false accept rate (0.0001)
      --report F   where the page with plots goes (calibration.html)
      --no-thumbnails, --json
  rotate-keys      encrypt everything in the store with the first of
                   ENCRYPTION_KEYS; the service may run meanwhile

Everything is configured by environment variables; README.md lists them.
`;

await runMain(async () => {
  const [name = '', ...operands] = process.argv.slice(2);
  if (['help', '--help', '-h'].some((word) => [name, ...operands].includes(word))) {
    process.stdout.write(HELP);
    return;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) throw new ConfigError(HELP);
  try {
    process.exitCode = await (await command())(operands);
  } catch (error) {
    // An unknown option, or an operand too many.
    const isMisused = error instanceof TypeError && 'code' in error && `${error.code}`.startsWith('ERR_PARSE_ARGS');
    throw isMisused ? new ConfigError(`${error.message}\n\n${HELP}`) : error;
  }
}, ['ModelFileError', 'ExecutionProviderError', 'BlobStoreError']);
