import { type Command, JSON_WITH_PROGRESS, MISUSED, type Option } from '../command.js';

export const CALIBRATE_OPTIONS = {
  far: {
    type: 'string',
    default: '0.0001',
    value: 'SHARE',
    help: 'propose a threshold for this false accept rate (0.0001: one stranger in ten thousand)',
  },
  report: {
    type: 'string',
    default: 'calibration.html',
    value: 'FILE',
    help: 'where the page with the plots and the hardest pairs goes (calibration.html)',
  },
  'no-thumbnails': { type: 'boolean', default: false, help: 'leave the faces out of that page' },
  json: JSON_WITH_PROGRESS,
} as const satisfies Record<string, Option>;

export const CALIBRATE: Command = {
  name: 'calibrate',
  summary: 'measure how well the threshold fits photos of your own',
  tasks: {
    calibrate: {
      usage: 'calibrate FOLDER [options]',
      help:
        'FOLDER has a folder for each person, with photos of any name. Every photo is compared with every other: the ' +
        'distances within a person and between two, FAR and FRR by threshold, the pairs that are hardest to tell, and a ' +
        'threshold for the rate that you want. Nothing is stored but the report, which shows faces.',
      options: CALIBRATE_OPTIONS,
    },
  },
  examples: [
    ['rollcall calibrate gate-photos', 'writes calibration.html'],
    ['rollcall calibrate gate-photos --far 0.001 --no-thumbnails', 'for one stranger in a thousand, without faces'],
  ],
  exitStatuses: { 0: 'the report is written', ...MISUSED },
  load: async () => (await import('../calibrate.js')).calibrate,
};
