import { type Command, JSON_OPTION, MISUSED, type Option } from '../command.js';

export const BACKUP_OPTIONS = {
  'keep-days': { type: 'string', value: 'N', default: '30', help: 'remove snapshots that are older (30)' },
  'without-redis': { type: 'boolean', default: false, help: 'leave out the queue' },
  'with-audit-key': {
    type: 'boolean',
    default: false,
    help: "take in the audit log's key, with which the log can be forged",
  },
  json: JSON_OPTION,
} as const satisfies Record<string, Option>;

export const BACKUP: Command = {
  name: 'backup',
  summary: 'copy photos, embeddings, access tokens, audit log and queue into a folder',
  tasks: {
    backup: {
      usage: 'backup FOLDER [options]',
      help:
        'Adds a snapshot to FOLDER; only what is new is copied, as it is stored: encrypted, if it is. The service may run ' +
        'meanwhile. Interrupted, it is simply run again. Who was erased since is taken out of older snapshots too. ' +
        'ENCRYPTION_KEYS are not in a backup: keep them elsewhere.',
      options: BACKUP_OPTIONS,
    },
  },
  examples: [
    ['rollcall backup /srv/backup', 'every night, from cron'],
    ['rollcall backup /srv/backup --keep-days 90', 'and keep three months of them'],
  ],
  exitStatuses: { 0: 'everything is in the backup', 1: 'something is left out or damaged', ...MISUSED },
  load: async () => (await import('../backup.js')).backup,
};
