// The command line of one machine: `start` runs the whole system, the others look after its data.
import { ConfigError, runMain } from '@rollcall/platform';
import { COMMANDS } from './commands/index.js';
import { overview, pageOf } from './help.js';
import { nearest } from './nearest.js';

const HELP_FLAGS = ['--help', '-h'];
const VERSION_FLAGS = ['--version', '-V'];

async function run([first = '', ...operands]: string[]): Promise<number> {
  if (first === '') throw new ConfigError(overview(COMMANDS).trimEnd());
  if (first === 'help' || HELP_FLAGS.includes(first)) return help(operands[0]);
  const name = VERSION_FLAGS.includes(first) ? 'version' : first;
  const command = commandNamed(name);
  // What follows `--` is meant literally.
  const end = operands.indexOf('--');
  if (operands.slice(0, end === -1 ? undefined : end).some((word) => HELP_FLAGS.includes(word))) return help(name);
  try {
    return await (await command.load())(operands);
  } catch (error) {
    // An unknown option, or an operand too many.
    const isMisused = error instanceof TypeError && 'code' in error && `${error.code}`.startsWith('ERR_PARSE_ARGS');
    throw isMisused ? new ConfigError(`${error.message}\nSee: rollcall ${name} --help`) : error;
  }
}

function help(name: string | undefined): number {
  process.stdout.write(name === undefined ? overview(COMMANDS) : pageOf(commandNamed(name)));
  return 0;
}

/** @throws {ConfigError} that names the nearest one when there is none. */
function commandNamed(name: string) {
  const command = COMMANDS.find((known) => known.name === name);
  if (command) return command;
  const names = COMMANDS.map((known) => known.name);
  const meant = nearest(name, names);
  throw new ConfigError(
    `There is no command "${name}".${meant === undefined ? '' : ` Did you mean "rollcall ${meant}"?`}\n` +
      `Commands: ${names.join(', ')}. See: rollcall --help`,
  );
}

await runMain(async () => {
  process.exitCode = await run(process.argv.slice(2));
}, ['ModelFileError', 'ExecutionProviderError', 'BlobStoreError']);
