import { type Command, JSON_OPTION, MISUSED, type Option } from '../command.js';

export const DOCTOR_OPTIONS = { json: JSON_OPTION } as const satisfies Record<string, Option>;

export const DOCTOR: Command = {
  name: 'doctor',
  summary: 'check everything that Rollcall needs, and say how to mend it',
  tasks: {
    doctor: {
      usage: 'doctor [options]',
      help:
        'Looks at the configuration, this machine, Redis, the store, encryption keys, models, the execution provider, ' +
        'the audit log, access tokens, TLS and the port, and says of each what it saw and how to mend it. Run it with ' +
        'the environment and as the user of the service, before or while that runs. It changes nothing: an object that ' +
        'it writes into the store is deleted again. No secret is printed.',
      options: DOCTOR_OPTIONS,
    },
  },
  examples: [
    ['rollcall doctor', 'a table for people'],
    ['rollcall doctor --json | jq \'.checks[] | select(.status != "ok")\'', 'what is not as it should be'],
  ],
  exitStatuses: { 0: 'nothing failed; there may be warnings', 1: 'a check failed', ...MISUSED },
  load: async () => (await import('../doctor.js')).doctor,
};
