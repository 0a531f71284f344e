import { randomUUID } from 'node:crypto';
import { BOUNDARY, multipart, type Part } from '../support/multipart.js';
import {
  bytesOf,
  type Exchange,
  type ExchangeOptions,
  exchange,
  type RawReply,
  type RawRequest,
} from '../support/raw-http.js';
import type { Attempt, Need, TokenName } from './attack.js';

export interface VictimOptions {
  readonly url: string;
  readonly tokens: Readonly<Partial<Record<TokenName, string>>>;
  /** May be enrolled and erased. */
  readonly employee?: string | undefined;
}

/** A request of an attack; `as` names the token that it is sent with. */
export interface AttackRequest extends Partial<RawRequest> {
  readonly path: string;
  readonly as?: TokenName | undefined;
}

/** The server that is attacked. */
export interface Victim extends VictimOptions {
  /** An employee who does not exist. */
  readonly stranger: string;
  has(need: Need): boolean;
  /** The Authorization header of a token; none where none is needed. */
  authorization(as: TokenName | undefined): RawRequest['headers'];
  /** Sends bytes as they are. */
  raw(bytes: Buffer, options?: ExchangeOptions): Promise<Exchange>;
  /** The bytes of a request. */
  bytes(request: AttackRequest): Buffer;
  send(request: AttackRequest): Promise<Exchange>;
  /** Sends one request after the other. */
  sendAll(requests: readonly AttackRequest[]): Promise<Attempt[]>;
  /** Posts a form. */
  form(path: string, parts: readonly Part[], as?: TokenName): AttackRequest;
}

const PATIENCE_MS = 60_000;

/** @throws {Error} when nobody answers at the URL. */
export async function createVictim({ url, tokens, employee }: VictimOptions): Promise<Victim> {
  const { host } = new URL(url);
  const authorization = (as: TokenName | undefined) => {
    const token = as && tokens[as];
    return token === undefined ? [] : [['Authorization', `Bearer ${token}`] as const];
  };
  const bytes = ({ method = 'GET', path, headers = [], body = Buffer.alloc(0), as }: AttackRequest) =>
    bytesOf({ method, path, headers: [...authorization(as), ...headers], body }, host);
  const send = (request: AttackRequest) =>
    exchange(url, bytes(request), { isHead: request.method === 'HEAD', patienceMs: PATIENCE_MS });

  const greeting = await send({ path: '/v1/employees?limit=1' });
  const status = greeting.replies[0]?.status;
  if (status === undefined) throw new Error(`Nobody answers at ${url}. Start it there, or give its URL.`);
  // Whoever gives tokens says that they are needed.
  const isClosed = status === 401 || Object.keys(tokens).length > 0;

  return {
    url,
    tokens,
    employee,
    stranger: `attack-${randomUUID()}`,
    has(need) {
      if (need === 'closed') return isClosed;
      if (need === 'employee') return employee !== undefined;
      return tokens[need] !== undefined || !isClosed;
    },
    authorization,
    bytes,
    raw: (raw, options) => exchange(url, raw, { patienceMs: PATIENCE_MS, ...options }),
    send,
    async sendAll(requests) {
      const attempts: Attempt[] = [];
      for (const request of requests) {
        const what = `${request.method ?? 'GET'} ${request.path.slice(0, 80)}`;
        attempts.push({ what, got: wordsOf(await send(request)) });
      }
      return attempts;
    },
    form: (path, parts, as) => ({
      method: 'POST',
      path,
      as,
      headers: [['Content-Type', `multipart/form-data; boundary=${BOUNDARY}`]],
      body: multipart(parts),
    }),
  };
}

/** An exchange in words: statuses with their codes or reasons, or how it ended without one. */
export function wordsOf({ replies, hungUp }: Exchange): string {
  if (replies.length === 0) return hungUp ? 'hung up' : 'no answer';
  return replies.map((reply) => [reply.status, wordOf(reply)].filter((part) => part !== '').join(' ')).join(' + ');
}

function wordOf(reply: RawReply): string {
  const { code, reason } = jsonOf(reply);
  return `${code ?? reason ?? ''}`;
}

/** The fields of a reply; none when it is no JSON. */
export function jsonOf({ body }: RawReply): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(body.toString()));
  } catch {
    return {};
  }
}
