import { type Command, MISUSED } from '../command.js';

export const BENCH: Command = {
  name: 'bench',
  summary: 'measure the whole system on this machine beside the bare pipeline',
  tasks: {
    bench: {
      usage: 'bench [options]',
      help:
        'Starts systems of its own and measures them; nothing of yours is touched. The benchmark is part of the test ' +
        'workspace, so this needs a checkout that is built (npm ci && npm run build), not a container.',
      options: {
        quick: { type: 'boolean', help: 'one round of 4 s at 1, 8 and 64 clients' },
        clients: { type: 'string', value: '1,8,…', help: 'clients that ask again as soon as they are answered' },
        seconds: { type: 'string', value: 'N', help: 'how long each point is measured' },
        rounds: { type: 'string', value: 'N', help: 'how often everything is measured' },
        stores: { type: 'string', value: 'filesystem,s3', help: 'where photos are; s3 needs a minio program' },
        'no-peer': { type: 'boolean', help: 'leave out FastAPI + OpenCV, which is otherwise installed from PyPI' },
        out: { type: 'string', value: 'FOLDER', help: 'write the reports there; test-results when left out' },
      },
    },
  },
  examples: [['rollcall bench --quick --no-peer', 'a first impression in a minute or two']],
  exitStatuses: { 0: 'measured', 1: 'a request failed, or the benchmark did', ...MISUSED },
  load: async () => (await import('../bench.js')).bench,
};
