import { type Command, JSON_OPTION, MISUSED, type Option } from '../command.js';

export const AUDIT_OPTIONS = {
  verify: { json: JSON_OPTION },
  show: {
    employee: { type: 'string', value: 'ID', help: 'only lines about this employee' },
    action: { type: 'string', value: 'ACTION', help: 'only lines of this action, such as verify, enroll or erase' },
    since: { type: 'string', value: 'TIME', help: 'only lines from then on, such as 2026-01-31T08:00Z' },
    limit: { type: 'string', value: 'N', default: '100', help: 'the newest N lines at most (100)' },
    json: { ...JSON_OPTION, help: 'print a JSON object in each line' },
  },
  redact: { json: JSON_OPTION },
} as const satisfies Record<string, Record<string, Option>>;

export const AUDIT: Command = {
  name: 'audit',
  summary: 'verify, show and redact the audit log',
  tasks: {
    verify: {
      usage: 'audit verify [FILE] [options]',
      help:
        'checks that no line of the log was changed, removed or inserted. Without FILE it is AUDIT_LOG_FILE with all ' +
        'that was rotated.',
      options: AUDIT_OPTIONS.verify,
    },
    show: {
      usage: 'audit show [options]',
      help: 'prints the newest lines, the very newest last.',
      options: AUDIT_OPTIONS.show,
    },
    redact: {
      usage: 'audit redact ID [options]',
      help: "overwrites an erased employee's id in all lines; the log stays verifiable.",
      options: AUDIT_OPTIONS.redact,
    },
  },
  examples: [
    ['rollcall audit verify', 'every night, from cron'],
    ['rollcall audit show --employee 1001 --since 2026-01-31', 'who did what about somebody'],
    ['rollcall audit show --action verify --json | jq .distance', 'for a script'],
  ],
  exitStatuses: { 0: 'done; the log is as it was written', 1: 'the log was tampered with or is damaged', ...MISUSED },
  load: async () => (await import('../audit.js')).audit,
};
