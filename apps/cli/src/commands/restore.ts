import { type Command, JSON_OPTION, MISUSED, type Option } from '../command.js';

export const RESTORE_OPTIONS = {
  check: { type: 'boolean', default: false, help: 'read all snapshots, say what is damaged, and restore nothing' },
  snapshot: { type: 'string', value: 'NAME', help: 'that one instead of the newest' },
  audit: {
    type: 'string',
    value: 'FILE',
    multiple: true,
    help: 'a copy of an audit log that may know of erasures; may be given several times',
  },
  'redis-file': { type: 'string', value: 'FILE', help: "write Redis' data (RDB) to FILE" },
  'without-redis': { type: 'boolean', default: false, help: 'leave out the queue' },
  'without-audit': { type: 'boolean', default: false, help: 'leave out the audit log, and what it knows of erasures' },
  force: { type: 'boolean', default: false, help: 'also into a store that has employees, beside and over them' },
  json: JSON_OPTION,
} as const satisfies Record<string, Option>;

export const RESTORE: Command = {
  name: 'restore',
  summary: 'bring a backup back, without those who were erased since',
  tasks: {
    restore: {
      usage: 'restore FOLDER [options]',
      help:
        'Brings the newest snapshot back into an empty store. Stop the service first, and put ENCRYPTION_KEYS and the audit ' +
        "log's key in place. Nothing is written unless everything in the snapshot is whole and these keys fit. Access tokens " +
        'and audit log come back where there are none.',
      options: RESTORE_OPTIONS,
    },
  },
  examples: [
    ['rollcall restore /srv/backup --check', 'every week, from cron'],
    ['rollcall restore /srv/backup --audit api-2/audit.jsonl', 'with the log of another API'],
  ],
  exitStatuses: { 0: 'restored, or whole', 1: 'the backup is damaged, or something is not as it was', ...MISUSED },
  load: async () => (await import('../restore.js')).restore,
};
