import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createLedger } from '../src/support/ledger.js';
import { openStage, QUEUE_KEY, type Stage } from './stage.js';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});
afterEach(() => stage.clear());
afterAll(() => stage.close());

/** A second is promised; the rest is for a busy machine. */
const LATEST_MS = 10_000;

/** An id of the stream that no event can reach while the clock is right: who has read so far reads no more. */
const END_OF_TIME = '99999999999999-0';

it('every completion event lost: callers are answered all the same, soon after the job', async () => {
  const ledger = createLedger();
  const [api, other, worker] = await Promise.all([stage.addApi(), stage.addApi(), stage.addWorker()]);
  // Makes both APIs wait for what comes after the end of time, and starts the stream again at now.
  await stage.redis.xadd(`${QUEUE_KEY}events`, END_OF_TIME, 'event', 'nothing');
  await stage.ask(createLedger(), api, stage.case(0));
  await stage.redis.del(`${QUEUE_KEY}events`);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => stage.ask(ledger, api, stage.case(index))),
  );
  expect(await stage.redis.xread('COUNT', 1, 'STREAMS', `${QUEUE_KEY}events`, END_OF_TIME)).toBeNull();
  for (const { status, jobId, endedAt } of answers) {
    expect(status).toBe(200);
    const { time } = await worker.line(({ msg, job_id }) => msg === 'job' && job_id === jobId);
    expect(endedAt - Date.parse(String(time))).toBeLessThan(LATEST_MS);
  }
  await stage.conclude('7. completion events lost', ledger, [api, other]);
}, 180_000);

it('SIGKILL of an API with waiters: another one tells what became of their jobs', async () => {
  const ledger = createLedger();
  const [api, other] = await Promise.all([stage.addApi(), stage.addApi()]);
  const acceptedBefore = auditLog().length;
  const told = await stage.submit(ledger, api, 5);
  const polls = told.map((id) =>
    fetch(`${api.url}/v1/jobs/${id}?wait=60`).then(
      () => 'answered',
      () => 'broken',
    ),
  );
  const waiting = Array.from({ length: 5 }, (_, index) => stage.ask(ledger, api, stage.case(index)));
  await stage.waiting(told.length + waiting.length);
  // A job is in the queue a moment before its line is in the log.
  await expect.poll(() => auditLog().length).toBe(acceptedBefore + told.length + waiting.length);
  await stage.stop(api, 'SIGKILL');
  expect(new Set((await Promise.all(waiting)).map(({ status }) => status))).toEqual(new Set([0]));
  expect(new Set(await Promise.all(polls))).toEqual(new Set(['broken']));
  // Who waited was never told an id; the audit log was.
  for (const { job_id, request_id } of auditLog()) ledger.learn(request_id, job_id);
  await stage.addWorker();
  const { exactlyOnce } = await stage.conclude('9. API killed while it holds waiters', ledger, [other]);
  expect(exactlyOnce).toBe(told.length + waiting.length);
}, 180_000);

function auditLog(): { readonly job_id: string; readonly request_id: string }[] {
  const { DATA_DIR = '' } = stage.settings();
  const lines = readFileSync(join(DATA_DIR, 'audit.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line)).filter(({ outcome }) => outcome === 'accepted');
}

const CLIENTS = 1_000;

it('1,000 clients leave at once: nobody works for them, and the next is answered', async () => {
  const ledger = createLedger();
  const api = await stage.addApi();
  const { employeeId, expected } = stage.case(0);
  const clients = new AbortController();
  const left = Array.from({ length: CLIENTS }, () =>
    ledger.verify(api.url, employeeId, stage.smallPhoto, { expected, signal: clients.signal }),
  );
  await stage.waiting(CLIENTS);
  clients.abort();
  expect(new Set((await Promise.all(left)).map(({ status }) => status))).toEqual(new Set([0]));
  await stage.idle();
  await stage.noUploadLeft();
  const worker = await stage.addWorker();
  expect((await stage.ask(ledger, api, stage.case(0))).status).toBe(200);
  expect(worker.lines.filter(({ msg }) => msg === 'job')).toHaveLength(1);
  await stage.conclude('10. 1,000 clients leave at once', ledger, [api]);
}, 180_000);
