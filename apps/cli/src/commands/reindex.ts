import { type Command, JSON_WITH_PROGRESS, MISUSED, type Option } from '../command.js';

export const REINDEX_OPTIONS = { json: JSON_WITH_PROGRESS } as const satisfies Record<string, Option>;

export const REINDEX: Command = {
  name: 'reindex',
  summary: 'make embeddings again that are missing or of another model version',
  tasks: {
    reindex: {
      usage: 'reindex [options]',
      help:
        'Embeds every reference photo whose embedding is missing or of another model or preprocessing version, such as ' +
        'after a change of PRECISION. The service may run meanwhile. Interrupted, it is simply run again.',
      options: REINDEX_OPTIONS,
    },
  },
  examples: [
    ['rollcall reindex', 'after photos were copied into the store by hand'],
    ['PRECISION=int8 rollcall reindex', 'before the workers are started with the same'],
  ],
  exitStatuses: { 0: 'every photo has a current embedding', 1: 'a photo is left without one', ...MISUSED },
  load: async () => (await import('../reindex.js')).reindex,
};
