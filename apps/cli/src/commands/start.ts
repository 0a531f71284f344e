import { type Command, MISUSED } from '../command.js';

export const START: Command = {
  name: 'start',
  summary: 'run API, workers and a private Redis on this machine',
  tasks: {
    start: {
      usage: 'start',
      help:
        'Runs the whole system until SIGINT or SIGTERM: the API, one inference process per core, and a private Redis ' +
        'below DATA_DIR unless REDIS_URL names another. Logs are JSON lines on standard output.',
      options: {},
    },
  },
  examples: [
    ['rollcall start', 'on http://127.0.0.1:5000, with everything in ./data'],
    ['DATA_DIR=/var/lib/rollcall PORT=8080 rollcall start', 'elsewhere'],
  ],
  exitStatuses: { 0: 'stopped by a signal', 1: 'stopping failed or took too long', ...MISUSED },
  load: async () => (await import('../start.js')).start,
};
