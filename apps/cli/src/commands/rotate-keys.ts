import { type Command, JSON_WITH_PROGRESS, MISUSED, type Option } from '../command.js';

export const ROTATE_KEYS_OPTIONS = { json: JSON_WITH_PROGRESS } as const satisfies Record<string, Option>;

export const ROTATE_KEYS: Command = {
  name: 'rotate-keys',
  summary: 'encrypt everything in the store with the first of ENCRYPTION_KEYS',
  tasks: {
    'rotate-keys': {
      usage: 'rotate-keys [options]',
      help:
        'Encrypts whatever of the employees is plain or under another key. The service may run meanwhile, started with ' +
        'the same ENCRYPTION_KEYS. Interrupted, it is simply run again: what is done is skipped.',
      options: ROTATE_KEYS_OPTIONS,
    },
  },
  examples: [
    ['ENCRYPTION_KEYS=k1:$(cat k1) rollcall rotate-keys', 'encrypt a store that was plain'],
    ['ENCRYPTION_KEYS=k2:$(cat k2),k1:$(cat k1) rollcall rotate-keys', 'change the key from k1 to k2'],
  ],
  exitStatuses: { 0: 'everything is under the first key', 1: 'something is left: run it again', ...MISUSED },
  load: async () => (await import('../rotate-keys.js')).rotateKeys,
};
