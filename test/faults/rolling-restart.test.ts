import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { get } from '../src/support/client.js';
import { freePort } from '../src/support/free-port.js';
import { createLedger, type LedgerEntry } from '../src/support/ledger.js';
import type { RollcallProcess } from '../src/support/rollcall.js';
import { createSlowMotion } from './slow-motion.js';
import { openStage, type Stage } from './stage.js';
import { decisions, takenBack } from './worker-log.js';

const slowMotion = createSlowMotion();
let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});
afterEach(() => {
  slowMotion.reset();
  return stage.clear();
});
afterAll(() => stage.close());

const CALLERS = 4;

it('SIGTERM of one after the other, under load: every process drains, and no request fails', async () => {
  const ledger = createLedger();
  const ports = [await freePort(), await freePort()];
  const addApi = (index: number) => stage.addApi({ PORT: `${ports[index]}` });
  const apis = await Promise.all([addApi(0), addApi(1)]);
  const workers = await Promise.all([stage.addWorker(), stage.addWorker()]);

  let running = true;
  let asked = 0;
  const failed: LedgerEntry[] = [];
  const callers = Array.from({ length: CALLERS }, async () => {
    while (running) {
      const { employeeId, photo, expected } = stage.case(asked++);
      const [url = '', ...others] = (asked % 2 === 0 ? apis : apis.toReversed()).map((api) => api.url);
      const entry = await ledger.verify(url, employeeId, photo, { expected, others });
      if (entry.status !== 200) failed.push(entry);
    }
  });
  const codes: (number | null)[] = [];
  for (const [index, api] of [...apis].entries()) {
    codes.push(await stage.stop(api));
    apis[index] = await addApi(index);
  }
  for (const [index, worker] of [...workers].entries()) {
    codes.push(await stage.stop(worker));
    workers[index] = await stage.addWorker();
  }
  running = false;
  await Promise.all(callers);

  expect(failed).toEqual([]);
  expect(codes).toEqual([0, 0, 0, 0]);
  await stage.conclude('5. rolling restart of APIs and workers', ledger, apis);
  expect(workers.map(takenBack)).toEqual([0, 0]);
}, 180_000);

it.each(['SIGTERM', 'SIGINT'] as const)(
  'a worker ends its running jobs on %s and leaves the rest for others',
  async (signal) => {
    const ledger = createLedger();
    const api = await stage.addApi();
    const ids = await stage.submit(ledger, api, 20);
    slowMotion.hold('download');
    const worker = await stage.addWorker(slowMotion.settings);
    await slowMotion.reached('download', ids[0] ?? '');
    const stopped = stage.stop(worker, signal);
    await worker.line(({ msg, name }) => msg === 'stopping' && name === 'worker');
    slowMotion.release('download');
    expect(await stopped).toBe(0);
    const decided = (each: RollcallProcess) => ids.filter((id) => decisions(each, id) > 0).length;
    expect(decided(worker)).toBeGreaterThan(0);
    expect(decided(worker)).toBeLessThan(ids.length);
    const other = await stage.addWorker();
    await stage.conclude(`5. worker stopped by ${signal}`, ledger, [api]);
    expect([decided(worker) + decided(other), takenBack(other)]).toEqual([ids.length, 0]);
  },
  180_000,
);

it('an API answers whoever waits before it stops', async () => {
  const ledger = createLedger();
  const [api, other] = await Promise.all([stage.addApi(), stage.addApi()]);
  const waiting = [0, 1, 2].map((index) => stage.ask(ledger, api, stage.case(index)));
  await stage.waiting(waiting.length);
  const stopped = stage.stop(api);
  await stage.addWorker();
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(await stopped).toBe(0);
  await stage.conclude('5. API stopped while requests wait', ledger, [other]);
}, 180_000);

it('an API that stops sends away whoever would wait for longer than its grace, and where to', async () => {
  const ledger = createLedger();
  const [api, other] = await Promise.all([stage.addApi({ SHUTDOWN_GRACE_MS: '6000' }), stage.addApi()]);
  const [id = ''] = await stage.submit(ledger, api, 1);
  const waiting = [0, 1, 2].map((index) => stage.ask(ledger, api, stage.case(index)));
  await stage.waiting(1 + waiting.length);
  const poll = get(`${api.url}/v1/jobs/${id}?wait=60`);
  const watched = await fetch(`${api.url}/v1/jobs/${id}`, { headers: { accept: 'text/event-stream' } });
  expect(await stage.stop(api)).toBe(0);
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(await poll).toMatchObject({ status: 200, body: { status: 'queued' } });
  expect(await watched.text()).toContain('"status":"queued"');
  await stage.addWorker();
  await stage.conclude('5. API stopped while requests wait for longer than its grace', ledger, [other]);
}, 180_000);

const KEPT_ALIVE = 20;

it('an API answers what comes on open connections while it stops', async () => {
  const api = await stage.addApi();
  const agent = new Agent({ keepAlive: true });
  const broken: string[] = [];
  const callers = Array.from({ length: KEPT_ALIVE }, async (_, index) => {
    for (;;) {
      const { failure, isReused } = await postNothing(api.url, agent);
      if (failure && isReused) broken.push(failure);
      if (failure && !isReused) return;
      await sleep(index);
    }
  });
  await sleep(500);
  expect(broken).toEqual([]);
  expect(await stage.stop(api)).toBe(0);
  await Promise.all(callers);
  agent.destroy();
  expect(broken).toEqual([]);
}, 180_000);

/** Posts a form without fields, which is refused at once. Tells why there was no answer, and if the connection had been used. */
function postNothing(url: string, agent: Agent): Promise<{ failure: string | undefined; isReused: boolean }> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    const post = request(`${url}/v1/verifications`, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('close', () => resolve({ failure: undefined, isReused: post.reusedSocket }));
    });
    post.on('error', ({ code = '' }: NodeJS.ErrnoException) => resolve({ failure: code, isReused: post.reusedSocket }));
    post.end('--x--\r\n');
  });
}
