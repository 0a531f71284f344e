import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import { type Answer, form } from './client.js';
import { inSlices } from './in-slices.js';

export { reportFault } from './fault-table.js';

/** A verification that was asked for, and what came back. */
export interface LedgerEntry {
  readonly employeeId: string;
  readonly expected: Expected | undefined;
  /** 0: no answer. */
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: replies are looked into, not typed
  readonly body: any;
  readonly jobId: string | undefined;
  readonly requestId: string;
  /** Requests of one asker, those with one Idempotency-Key, are one request. */
  readonly asker: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Why there is no answer, e.g. `ECONNREFUSED`. */
  readonly failure: string | undefined;
}

export type Expected = 'verified' | 'not_matched';

export interface VerifyOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly expected?: Expected;
  readonly signal?: AbortSignal;
  /**
   * APIs to ask instead when one refuses or breaks the connection, as a load balancer does; the request then has an
   * Idempotency-Key, so that asking twice is asking once.
   */
  readonly others?: readonly string[];
}

export interface SettleOptions {
  /** How long the accepted jobs may take to end, all together. A minute by default. */
  readonly timeoutMs?: number;
}

/** How many requests were made, and what became of them. */
export interface FaultReport {
  readonly requests: number;
  /** Answered with the id of a job. */
  readonly accepted: number;
  /** Accepted, and the promise was kept. */
  readonly exactlyOnce: number;
  /** Accepted, and without an end. */
  readonly lost: number;
  /** Accepted, and with an end that is not the one, or not everywhere the same. */
  readonly wrong: number;
  /** Answered with an error. */
  readonly refused: number;
  readonly unanswered: number;
}

/** Holds the service to its promise: every accepted verification has exactly one end, the right one, wherever one asks. */
export interface Ledger {
  /** Posts a verification and remembers what was asked and answered; never throws: a broken connection is an answer too. */
  verify(url: string, employeeId: string, photo: Uint8Array, options?: VerifyOptions): Promise<LedgerEntry>;
  /** Holds the service to a job too whose caller got no answer: some log told its id. */
  learn(requestId: string, jobId: string): void;
  readonly entries: readonly LedgerEntry[];
  /** Polls every accepted job until it has ended and checks the promise; throws (expect) with a readable difference. */
  settle(urls: readonly string[], options?: SettleOptions): Promise<FaultReport>;
}

/** Longer than a synchronous caller may be made to wait. */
const ANSWER_TIMEOUT_MS = 90_000;

/** Between the two polls that have to agree: the sweep for stalled jobs has come round in between. */
const SECOND_LOOK_MS = 2_500;

const ENDED = ['succeeded', 'failed', 'expired', 'cancelled'];
const POLLED_AT_ONCE = 30;

export function createLedger(): Ledger {
  const entries: LedgerEntry[] = [];

  return {
    entries,

    async verify(url, employeeId, photo, { headers = {}, expected, signal, others = [] } = {}) {
      const requestId = headers['x-request-id'] ?? randomUUID();
      const startedAt = Date.now();
      const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
      const post = (api: string) =>
        ask(`${api}/v1/verifications`, {
          method: 'POST',
          body: form(employeeId, photo),
          // A connection of its own: one that is kept alive may be closed as the next request comes.
          headers: {
            connection: 'close',
            'x-request-id': requestId,
            ...(others.length > 0 && { 'idempotency-key': requestId }),
            ...headers,
          },
          signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        });
      let answer = await post(url);
      for (const other of others) if (answer.status === 0 && !signal?.aborted) answer = await post(other);
      const jobId = answer.body?.job_id;
      const asker = headers['idempotency-key'] ?? requestId;
      const asked = { employeeId, expected, requestId, asker, startedAt, endedAt: Date.now() };
      const entry: LedgerEntry = { ...asked, ...answer, jobId };
      entries.push(entry);
      return entry;
    },

    learn(requestId, jobId) {
      const index = entries.findIndex((entry) => entry.requestId === requestId);
      const entry = entries[index];
      if (entry) entries[index] = { ...entry, jobId };
    },

    async settle(urls, { timeoutMs = 60_000 } = {}) {
      const deadline = Date.now() + timeoutMs;
      const accepted = entries.filter(({ jobId }) => jobId !== undefined);
      const [firstUrl = ''] = urls;
      const first = await inSlices(accepted, POLLED_AT_ONCE, ({ jobId }) => end(firstUrl, jobId, deadline));
      await new Promise((resolve) => setTimeout(resolve, SECOND_LOOK_MS));
      const again = Date.now() + timeoutMs;
      const others = await Promise.all(
        urls.map((url) => inSlices(accepted, POLLED_AT_ONCE, ({ jobId }) => end(url, jobId, again))),
      );
      const verdicts = accepted.map((entry, index) =>
        judge(
          entry,
          first[index],
          others.map((answers) => answers[index]),
        ),
      );
      const askers = new Set(accepted.map(({ jobId, asker }) => `${jobId} ${asker}`));
      const twice = askers.size - new Set(accepted.map(({ jobId }) => jobId)).size;
      const faults = verdicts.flatMap(({ faults }) => faults);
      expect([...faults, ...(twice > 0 ? [`${twice} ids were given out twice`] : [])]).toEqual([]);
      const count = (kind: Verdict['kind']) => verdicts.filter((verdict) => verdict.kind === kind).length;
      const unanswered = entries.filter(({ status, jobId }) => status === 0 && jobId === undefined).length;
      return {
        requests: entries.length,
        accepted: accepted.length,
        exactlyOnce: count('kept'),
        lost: count('lost'),
        wrong: count('wrong'),
        refused: entries.length - accepted.length - unanswered,
        unanswered,
      };
    },
  };
}

interface Verdict {
  readonly kind: 'kept' | 'lost' | 'wrong';
  readonly faults: readonly string[];
}

type JobAnswer = Answer['body'];

/** @param first what the first poll told; undefined when the job had not ended in time. @param others the later ones. */
function judge(entry: LedgerEntry, first: JobAnswer | undefined, others: readonly (JobAnswer | undefined)[]): Verdict {
  const name = `${entry.jobId} (employee ${entry.employeeId}, request ${entry.requestId})`;
  if (!first || others.some((answer) => !answer)) return { kind: 'lost', faults: [`${name} has no end`] };
  const faults: string[] = [];
  const differ = (what: string, one: unknown, other: unknown) => {
    if (!isDeepStrictEqual(one, other))
      faults.push(`${name}: ${what}: ${JSON.stringify(one)}, ${JSON.stringify(other)}`);
  };
  for (const other of others) differ('two polls differ', first, other);
  if (entry.status !== 0 && entry.status !== 202) {
    differ('the answer and the poll differ', { status: entry.status, body: entry.body }, first.response);
  }
  if (first.result) differ('the wrong employee', entry.employeeId, first.result.employee_id);
  if (entry.expected) differ('the wrong decision', entry.expected, decisionOf(first));
  return { kind: faults.length === 0 ? 'kept' : 'wrong', faults };
}

/** `verified`, a reason why not, or how the job ended without a decision. */
function decisionOf({ status, result, response }: JobAnswer): string {
  if (status !== 'succeeded') return status;
  if (!result) return response?.body?.code;
  return result.verified ? 'verified' : result.reason;
}

/** What the job's status tells once it has ended; undefined when it does not by the deadline or there is no such job. */
async function end(url: string, jobId: string | undefined, deadline: number): Promise<JobAnswer | undefined> {
  do {
    const { status, body } = await ask(`${url}/v1/jobs/${jobId}?wait=5`, { signal: AbortSignal.timeout(15_000) });
    if (status === 404) return undefined;
    if (status === 200 && ENDED.includes(body.status)) return body;
    await new Promise((resolve) => setTimeout(resolve, status === 200 ? 0 : 200));
  } while (Date.now() < deadline);
  return undefined;
}

/** Never rejects. */
async function ask(url: string, request: RequestInit): Promise<Pick<LedgerEntry, 'status' | 'body' | 'failure'>> {
  try {
    const response = await fetch(url, request);
    return { status: response.status, body: await response.json(), failure: undefined };
  } catch (error) {
    const { name, cause } = error as Error;
    return { status: 0, body: undefined, failure: (cause as NodeJS.ErrnoException | undefined)?.code ?? name };
  }
}
