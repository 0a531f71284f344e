import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, form, post, remove } from '../support/client.js';

/** What callers do all day. A deed resolves with `ok`, `busy` when it was refused for want of room, or what went wrong. */
export interface Deed {
  readonly name: string;
  /** How often it is done, compared with the others. */
  readonly weight: number;
  readonly run: () => Promise<string>;
}

export interface DeedsOptions {
  readonly url: string;
  /** Enrolled, and on `right`. */
  readonly employeeId: string;
  readonly right: Buffer;
  /** Shows somebody else. */
  readonly wrong: Buffer;
}

/** The deed that leaves an idempotency key behind. */
export const REPEATING = 'repeat with one key';

/** A client who leaves does so within this, which is before or after the decision. */
const LEAVES_WITHIN_MS = 400;
const POLL_PAUSE_MS = 250;
const MAX_POLLS = 240;

const NOT_AN_IMAGE = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>');

export function createDeeds({ url, employeeId, right, wrong }: DeedsOptions): Deed[] {
  const verifications = `${url}/v1/verifications`;
  const truncated = right.subarray(0, right.length / 2);

  function judge({ status, body }: Answer, verified: boolean): string {
    if (status === 503 && body.code === 'overloaded') return 'busy';
    return status === 200 && body.verified === verified ? 'ok' : told({ status, body });
  }

  function told({ status, body }: Pick<Answer, 'status' | 'body'>): string {
    return status === 503 && body.code === 'overloaded'
      ? 'busy'
      : `${status} ${body.code ?? body.status ?? body.reason}`;
  }

  async function poll(jobId: string): Promise<string> {
    for (let polls = 0; polls < MAX_POLLS; polls++) {
      const answer = await fetch(`${url}/v1/jobs/${jobId}`);
      const body = (await answer.json()) as Answer['body'];
      if (answer.status !== 200) return told({ status: answer.status, body });
      if (body.status === 'succeeded') return body.result?.verified === true ? 'ok' : 'a wrong decision';
      if (body.status !== 'queued' && body.status !== 'active') return `ended as ${body.status}`;
      await sleep(POLL_PAUSE_MS);
    }
    return 'no end';
  }

  const deeds: Readonly<Record<string, readonly [weight: number, run: () => Promise<string>]>> = {
    verify: [8, async () => judge(await post(verifications, form(employeeId, right)), true)],
    'verify somebody else': [2, async () => judge(await post(verifications, form(employeeId, wrong)), false)],
    'verify and poll': [
      3,
      async () => {
        const answer = await post(verifications, form(employeeId, right), { prefer: 'respond-async' });
        return answer.status === 202 ? poll(answer.body.job_id) : told(answer);
      },
    ],
    'enrol and erase': [
      1,
      async () => {
        const newcomer = `${url}/v1/employees/soak-${randomUUID()}`;
        const enrolled = await post(`${newcomer}/faces?force=true`, form(undefined, right), { prefer: 'wait=60' });
        if (enrolled.status !== 201) return told(enrolled);
        const erased = await remove(newcomer);
        return erased.status === 200 ? 'ok' : told(erased);
      },
    ],
    'send what is no photo': [
      1,
      async () => {
        const answer = await post(verifications, form(employeeId, NOT_AN_IMAGE));
        return answer.status === 415 ? 'ok' : told(answer);
      },
    ],
    'send half a photo': [
      1,
      async () => {
        const answer = await post(verifications, form(employeeId, truncated));
        return answer.status === 422 ? 'ok' : told(answer);
      },
    ],
    leave: [
      2,
      async () => {
        const signal = AbortSignal.timeout(Math.floor(Math.random() * LEAVES_WITHIN_MS));
        return post(verifications, form(employeeId, right), {}, signal).then(
          (answer) => judge(answer, true),
          () => 'ok',
        );
      },
    ],
    [REPEATING]: [
      2,
      async () => {
        const headers = { 'idempotency-key': randomUUID() };
        const [first, second] = [
          await post(verifications, form(employeeId, right), headers),
          await post(verifications, form(employeeId, right), headers),
        ];
        const [one, other] = [first, second].map((answer) => judge(answer, true));
        if (one !== 'ok' || other !== 'ok') return one === 'ok' ? `${other}` : `${one}`;
        return first.body.job_id === second.body.job_id ? 'ok' : 'one key made two jobs';
      },
    ],
  };
  return Object.entries(deeds).map(([name, [weight, run]]) => ({ name, weight, run }));
}

/** One at random, by weight. */
export function choose(deeds: readonly Deed[]): Deed {
  let rest = Math.random() * deeds.reduce((sum, { weight }) => sum + weight, 0);
  return deeds.find(({ weight }) => {
    rest -= weight;
    return rest < 0;
  }) as Deed;
}
