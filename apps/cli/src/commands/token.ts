import { SCOPES } from '@rollcall/contracts';
import { type Command, JSON_OPTION, MISUSED, type Option } from '../command.js';

export const TOKEN_OPTIONS = {
  create: {
    name: { type: 'string', value: 'NAME', help: 'what the token is called in lists and logs, such as north-terminal' },
    scopes: { type: 'string', value: 'SCOPE,…', help: `what it allows: ${SCOPES.join(', ')} (all of them)` },
    gates: { type: 'string', value: 'GATE,…', help: 'the gates it is for; every gate when left out' },
    expires: { type: 'string', value: 'WHEN', help: '12h, 90d, 52w, a date or a moment; never when left out' },
    json: JSON_OPTION,
  },
  list: { json: JSON_OPTION },
  revoke: { json: JSON_OPTION },
} as const satisfies Record<string, Record<string, Option>>;

export const TOKEN: Command = {
  name: 'token',
  summary: 'make, list and revoke the access tokens of the API',
  tasks: {
    create: {
      usage: 'token create --name NAME --scopes SCOPE,… [options]',
      help:
        'makes a token and prints it, this once. As soon as there is one, every request needs one. Running APIs follow ' +
        'within seconds.',
      options: TOKEN_OPTIONS.create,
    },
    list: {
      usage: 'token list [options]',
      help: 'prints all tokens that were ever made, without what is secret of them.',
      options: TOKEN_OPTIONS.list,
    },
    revoke: {
      usage: 'token revoke ID [options]',
      help: "makes a token worthless for good. ID is the token's id, its name, or the token itself.",
      options: TOKEN_OPTIONS.revoke,
    },
  },
  examples: [
    ['TOKEN=$(rollcall token create --name north-gate --scopes verify)', 'for a terminal'],
    ['rollcall token create --name office --scopes enroll,read --expires 90d', 'for a back office, for a season'],
    ['rollcall token revoke north-gate', 'when the terminal is lost'],
  ],
  exitStatuses: { 0: 'done', 1: 'failed', ...MISUSED },
  load: async () => (await import('../token.js')).token,
};
