import { type Command, JSON_WITH_PROGRESS, MISUSED, type Option } from '../command.js';

export const IMPORT_OPTIONS = {
  force: { type: 'boolean', default: false, help: "also take photos that do not resemble the employee's others" },
  report: { type: 'string', value: 'FILE', help: 'write what was refused or warned of to FILE (.csv or .json)' },
  json: JSON_WITH_PROGRESS,
} as const satisfies Record<string, Option>;

export const IMPORT: Command = {
  name: 'import',
  summary: 'bring reference photos into the store',
  tasks: {
    import: {
      usage: 'import SOURCE [options]',
      help:
        'SOURCE is a folder of <employee_id>/face_*, a .zip of one, or a .csv manifest with the columns ' +
        'employee_id,path. Photos pass the same rules as at the API. Interrupted, it is simply run again: what is in ' +
        'the store already is left alone. The service may run meanwhile.',
      options: IMPORT_OPTIONS,
    },
  },
  examples: [
    ['rollcall import /srv/employees', 'every <employee_id>/face_* of a folder'],
    ['rollcall import photos.zip --report refused.csv', 'and a table of what has to be photographed again'],
    ['rollcall import /srv/employees --json | jq .refused', 'for a script'],
  ],
  exitStatuses: { 0: 'every photo is in the store', 1: 'a photo was refused', ...MISUSED },
  load: async () => (await import('../import.js')).importPhotos,
};
