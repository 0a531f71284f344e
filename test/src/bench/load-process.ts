// A load generator in a process of its own: told what by a message, it answers with what became of every request.
import { readFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { BOUNDARY, filePart, multipart, textPart } from '../support/multipart.js';

export interface LoadRequest {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Posted as a gate does; without it the path is got. */
  readonly form?: { readonly employeeId: string; readonly photoPath: string };
}

export interface LoadOrder {
  readonly url: string;
  readonly seconds: number;
  /**
   * A closed loop: each client asks again as soon as it is answered. Or an open one: requests arrive at random (Poisson),
   * whether or not the earlier ones have been answered, as people at gates do.
   */
  readonly arrivals: { readonly clients: number } | { readonly perSecond: number };
  /** Taken in turn. */
  readonly requests: readonly LoadRequest[];
}

/** One request. */
export interface Sample {
  /** When it was due, in milliseconds since the beginning. */
  readonly at: number;
  /** From then until its answer was there. A generator that is late makes it longer, not shorter. */
  readonly ms: number;
  /** 0: no answer. */
  readonly status: number;
  /** Seconds. */
  readonly retryAfter?: number;
}

export interface LoadReport {
  readonly samples: readonly Sample[];
  /** What generating the load has cost. */
  readonly cpuSeconds: number;
}

/** Longer than a synchronous request may wait. */
const ANSWER_TIMEOUT_MS = 90_000;

interface Prepared {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Record<string, string | number>;
  readonly body: Buffer | undefined;
}

async function prepareAll(requests: readonly LoadRequest[]): Promise<Prepared[]> {
  const bodies = new Map<string, Promise<Buffer>>();
  const bodyOf = (form: NonNullable<LoadRequest['form']>) => {
    const key = `${form.employeeId} ${form.photoPath}`;
    const made = bodies.get(key) ?? makeBody(form);
    bodies.set(key, made);
    return made;
  };
  return Promise.all(
    requests.map(async ({ path, headers, form }) => {
      if (!form) return { method: 'GET', path, headers: { ...headers }, body: undefined };
      const body = await bodyOf(form);
      const type = `multipart/form-data; boundary=${BOUNDARY}`;
      return {
        method: 'POST',
        path,
        headers: { ...headers, 'content-type': type, 'content-length': body.length },
        body,
      };
    }),
  );
}

async function makeBody({ employeeId, photoPath }: NonNullable<LoadRequest['form']>): Promise<Buffer> {
  return multipart([textPart('employee_id', employeeId), filePart('image', await readFile(photoPath))]);
}

async function generate({ url, seconds, arrivals, requests }: LoadOrder): Promise<LoadReport> {
  const prepared = await prepareAll(requests);
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  const cpuBefore = process.cpuUsage();
  const beganAt = performance.now();
  const now = () => performance.now() - beganAt;
  const endMs = seconds * 1000;
  const samples: Sample[] = [];
  let sent = 0;

  function send(at: number): Promise<void> {
    const { body, ...what } = prepared[sent++ % prepared.length] as Prepared;
    return new Promise((resolve) => {
      let answered = false;
      const finish = (answer?: IncomingMessage) => {
        const retryAfter = answer?.headers['retry-after'];
        const status = answer?.statusCode ?? 0;
        samples.push({
          at,
          ms: now() - at,
          status,
          ...(retryAfter !== undefined && { retryAfter: Number(retryAfter) }),
        });
        resolve();
      };
      const outgoing = request({ agent, hostname, port, timeout: ANSWER_TIMEOUT_MS, ...what }, (answer) => {
        answered = true;
        answer.resume();
        answer.once('end', () => finish(answer));
        answer.once('error', () => finish());
      });
      outgoing.once('timeout', () => outgoing.destroy(new Error('timed out')));
      outgoing.on('error', () => {
        // Once the answer is there it is the answer that ends.
        if (!answered) finish();
      });
      outgoing.end(body);
    });
  }

  async function ask(): Promise<void> {
    while (now() < endMs) await send(now());
  }

  if ('clients' in arrivals) {
    await Promise.all(Array.from({ length: arrivals.clients }, ask));
  } else {
    const answers: Promise<void>[] = [];
    const nextGap = () => (-Math.log(1 - Math.random()) * 1000) / arrivals.perSecond;
    for (let due = nextGap(); due < endMs; due += nextGap()) {
      const early = due - now();
      if (early > 0) await sleep(early);
      answers.push(send(due));
    }
    await Promise.all(answers);
  }
  agent.destroy();
  const { user, system } = process.cpuUsage(cpuBefore);
  return { samples, cpuSeconds: (user + system) / 1e6 };
}

process.on('message', async (order: LoadOrder) => process.send?.(await generate(order)));
