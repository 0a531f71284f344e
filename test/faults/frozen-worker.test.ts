import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { get } from '../src/support/client.js';
import { createLedger } from '../src/support/ledger.js';
import type { RollcallProcess, System } from '../src/support/rollcall.js';
import { until } from '../src/support/until.js';
import { createSlowMotion } from './slow-motion.js';
import { ASYNC, type Case, openStage, type Stage, slowCase } from './stage.js';
import { decisions, inferencePids, takenBack } from './worker-log.js';

/** Longer than the decoding of a photo may take. */
const STOP_MS = 6_000;

/** Twice as long as a worker's lock on a job lasts. */
const FREEZE_MS = 10_000;

const slowMotion = createSlowMotion();
let stage: Stage;
let api: System;
let slow: Case;

beforeAll(async () => {
  [stage, slow] = await Promise.all([openStage(), slowCase()]);
  api = await stage.addApi();
});
afterEach(async () => {
  slowMotion.reset();
  await stage.clear(api);
});
afterAll(() => stage.close());

const addWorker = () => stage.addWorker({ ...slowMotion.settings, WORKER_CONCURRENCY: '2' });

it('SIGSTOP past the lock: another worker takes over, and the late finish changes nothing', async () => {
  const ledger = createLedger();
  const { jobId: read = '' } = await stage.ask(ledger, api, slow, ASYNC);
  const { jobId: unread = '' } = await stage.ask(ledger, api, stage.case(2), ASYNC);
  for (const id of [read, unread]) slowMotion.hold('download', id);
  const late = await addWorker();
  await stage.embedded();
  slowMotion.release('download', read);
  const pid = await slowMotion.reached('inference', read);
  expect(await slowMotion.reached('download', unread)).toBe(pid);
  process.kill(pid, 'SIGSTOP');
  slowMotion.release('download', unread);
  const other = await addWorker();
  const ends = () => Promise.all([read, unread].map((id) => get(`${api.url}/v1/jobs/${id}?wait=30`)));
  const before = await ends();
  expect(before.map(({ body }) => body.status)).toEqual(['succeeded', 'succeeded']);
  expect([takenBack(other), decisions(late, read)]).toEqual([2, 0]);

  process.kill(pid, 'SIGCONT');
  // It has one photo in memory and decides; the other photo is gone by now, which fails the job in its eyes.
  await until('it has finished late', () => (decisions(late, read) === 1 ? true : undefined));
  await until('Redis has refused both ends', () => (refusals(late) >= 2 ? true : undefined));
  expect((await ends()).map(({ body }) => body)).toEqual(before.map(({ body }) => body));
  await stage.stop(other);
  await stage.submit(ledger, api, 4);
  await stage.conclude('2. inference process stopped past its lock', ledger, [api]);
  expect(inferencePids(late)).toEqual([pid]);
}, 180_000);

/** How often Redis has told a worker that a job is not its own any more. */
function refusals({ lines }: RollcallProcess): number {
  return lines.filter((line) => JSON.stringify(line).includes('Missing lock for job')).length;
}

it('event loops blocked for twice the lock, of the API and the only worker: every caller is answered', async () => {
  const ledger = createLedger();
  const answers = [slow, slow, ...[0, 1, 2, 3, 4].map(stage.case)].map((asked) => stage.ask(ledger, api, asked));
  const uploads = await until('the photos are stored', async () => {
    const found = await stage.uploads();
    return found.length === answers.length ? found : undefined;
  });
  slowMotion.hold('download');
  const worker = await addWorker();
  await stage.embedded();
  slowMotion.release('download');
  await Promise.any(uploads.map((key) => slowMotion.reached('inference', key.slice('uploads/'.length))));
  const processes = [api.pid, worker.pid, ...inferencePids(worker)];
  for (const pid of processes) process.kill(pid, 'SIGSTOP');
  await sleep(FREEZE_MS);
  for (const pid of processes) process.kill(pid, 'SIGCONT');
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(answers.map(() => 200));
  await stage.conclude('3. event loops blocked for twice the lock', ledger, [api]);
  expect(inferencePids(worker)).toHaveLength(1);
}, 180_000);

it('SIGSTOP while a reference photo is decoded: it does not count as unreadable ever after', async () => {
  const ledger = createLedger();
  await stage.store.put('employees/4004/face_1.jpg', slow.photo);
  await addWorker();
  const pid = await slowMotion.reached('inference', '4004');
  process.kill(pid, 'SIGSTOP');
  await sleep(STOP_MS);
  process.kill(pid, 'SIGCONT');
  const { status } = await stage.ask(ledger, api, { ...stage.case(0), employeeId: '4004' });
  expect(status).toBe(200);
  await stage.conclude('2. inference process stopped while it decodes a reference', ledger, [api]);
}, 180_000);
