import { notRecognizedReplySchema, originalErrorReplySchema, problemSchema } from '@rollcall/contracts';
import { type Exchange, headerOf, type RawReply } from '../support/raw-http.js';

/** Every documented body of a status of 400 and above. */
const ERROR_BODIES = [problemSchema, originalErrorReplySchema, notRecognizedReplySchema];

/** What Node, or the server below the routes, answers to what is broken below HTTP: no body, none of our headers. */
const BARE_STATUSES = [400, 408, 413, 417, 431];

/** Stack frames, paths of files, and what the server is made of. */
const LEAKS = [
  /\bat .{1,200}:\d+:\d+/,
  /node_modules|node:internal|\/dist\/|\.[jt]s:\d+/,
  /\b(?:Type|Syntax|Range|Reference)?Error:/,
  new RegExp(process.version.replaceAll('.', '\\.')),
];
const BANNERS = /node|hono|express|busboy|bullmq|redis/i;

export interface Expected {
  readonly isHead?: boolean;
  /** These bytes may be answered by nothing but a closed connection. */
  readonly maySilent?: boolean;
  /** How many replies there may be. */
  readonly maxReplies?: number;
  readonly secrets: readonly string[];
}

/** What is wrong with the answer to hostile bytes; empty when nothing is. */
export function faultsOf({ replies, rest }: Exchange, expected: Expected): string[] {
  const { maySilent = false, maxReplies = 1 } = expected;
  const faults = replies.flatMap((reply) => faultsOfReply(reply, expected));
  if (replies.length === 0 && !maySilent) faults.push('no reply');
  // Whatever is broken behind an answered request Node refuses once more, and hangs up.
  const answers = replies.filter((reply, index) => index === 0 || !isBare(reply));
  if (answers.length > maxReplies) faults.push(`${answers.length} replies`);
  if (rest.length > 0) faults.push(`bytes that are no reply: ${rest.subarray(0, 200).toString('latin1')}`);
  return faults;
}

function faultsOfReply(reply: RawReply, { isHead = false, secrets }: Expected): string[] {
  const { status, headers, body } = reply;
  const faults: string[] = [];
  const text = body.toString('utf8');
  if (status >= 500) faults.push(`status ${status}: ${text.slice(0, 300)}`);
  if (status >= 400 && !isHead && !isBare(reply) && !isErrorBody(text)) {
    faults.push(`status ${status} with a body of no known shape: ${text.slice(0, 300)}`);
  }
  const head = headers.map((header) => header.join(': ')).join('\n');
  for (const leak of [...LEAKS, ...secrets]) {
    const leaks = (where: string) => (typeof leak === 'string' ? where.includes(leak) : leak.test(where));
    // Below 400 a body may be a photo or the API's description.
    if (leaks(head) || (status >= 400 && leaks(text)) || (typeof leak === 'string' && leaks(text))) {
      faults.push(`the reply tells ${leak}`);
    }
  }
  const banner = headers.find(([name, value]) => /^(server|x-powered-by|via)$/.test(name) || BANNERS.test(value));
  if (banner) faults.push(`the reply tells what it is made of: ${banner.join(': ')}`);
  return faults;
}

function isBare(reply: RawReply): boolean {
  return reply.body.length === 0 && BARE_STATUSES.includes(reply.status) && !headerOf(reply, 'x-request-id');
}

function isErrorBody(text: string): boolean {
  try {
    const body: unknown = JSON.parse(text);
    return ERROR_BODIES.some((schema) => schema.safeParse(body).success);
  } catch {
    return false;
  }
}
