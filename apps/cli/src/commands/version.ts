import { type Command, JSON_OPTION, MISUSED, type Option } from '../command.js';

export const VERSION_OPTIONS = { json: JSON_OPTION } as const satisfies Record<string, Option>;

export const VERSION: Command = {
  name: 'version',
  summary: 'print the version of Rollcall and of what it runs on',
  tasks: {
    version: {
      usage: 'version [options]',
      help: 'Prints the version of Rollcall, of Node.js, and the system. For a report of what is wrong, see doctor.',
      options: VERSION_OPTIONS,
    },
  },
  examples: [['rollcall version --json | jq -r .version', 'for a script']],
  exitStatuses: { 0: 'printed', ...MISUSED },
  load: async () => (await import('../version.js')).version,
};
