import fc from 'fast-check';
import { BOUNDARY, multipart, type Part } from '../support/multipart.js';
import { bytesOf, type Exchange, exchange, type RawRequest } from '../support/raw-http.js';
import type { Arena, Target } from './arena.js';
import { authorization } from './headers.js';
import { type Expected, faultsOf } from './verdict.js';

/** Something that holds whatever is sent. */
export interface Property {
  readonly name: string;
  /** In `npm test`. */
  readonly runs: number;
  /** Statuses that so many runs must have met, or they have tried less than they should. */
  readonly meets: readonly number[];
  make(room: Room): fc.IAsyncProperty<[unknown]>;
}

/** What the properties are tried with. */
export interface Room {
  readonly targets: Arena['targets'];
  readonly photos: readonly Uint8Array[];
  /** Told of every reply. */
  onReply(status: number): void;
}

/** Which of the two targets. */
export const whichTarget = fc.constantFrom(0, 1);
export const targetOf = ({ targets }: Room, which: number) => targets[which] as Target;

/** Node refuses longer heads while they still arrive: then its reply is lost, as on any connection that is reset. */
const MAX_HEAD_BYTES = 16_384;

interface SendOptions extends Omit<Expected, 'secrets'> {
  readonly endAfter?: boolean;
}

/** @throws {Error} that says what is wrong with the answer. */
export async function send(room: Room, target: Target, bytes: Buffer, options: SendOptions): Promise<Exchange> {
  const answer = await exchange(target.url, bytes, options);
  for (const { status } of answer.replies) room.onReply(status);
  const faults = [...faultsOf(answer, { ...options, secrets: target.secrets }), ...target.faults()];
  if (faults.length > 0) throw new Error(faults.join('\n'));
  return answer;
}

export function sendRequest(room: Room, target: Target, request: RawRequest): Promise<Exchange> {
  const bytes = bytesOf(request);
  const maySilent = bytes.length - request.body.length > MAX_HEAD_BYTES;
  return send(room, target, bytes, { isHead: request.method === 'HEAD', maySilent });
}

/** Posts a well written form as somebody who may do everything. */
export function postForm(room: Room, target: Target, where: string, parts: readonly Part[]): Promise<Exchange> {
  const type = ['Content-Type', `multipart/form-data; boundary=${BOUNDARY}`] as const;
  const list = [...authorization(target, 0), type];
  return sendRequest(room, target, { method: 'POST', path: where, headers: list, body: multipart(parts) });
}
