import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLedger } from '../src/support/ledger.js';
import { isInferenceReady, type System } from '../src/support/rollcall.js';
import { until } from '../src/support/until.js';
import { createSlowMotion } from './slow-motion.js';
import { type Case, openStage, QUEUE_KEY, type Stage, slowCase } from './stage.js';
import { decisions, isTakenBack, takenBack } from './worker-log.js';

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

const addWorker = () => stage.addWorker({ ...slowMotion.settings, WORKER_CONCURRENCY: `${CONCURRENCY}` });

/** Seven seconds are promised; the rest is for a busy machine, on which a process takes long to start. */
const FREE_MS = 25_000;

const CONCURRENCY = 3;
/** More than the worker takes at once, so that some wait while others die. */
const JOBS = 6;

describe('SIGKILL of a worker', { timeout: 240_000 }, () => {
  it('before the download', async () => {
    const ledger = createLedger();
    slowMotion.hold('download');
    const worker = await addWorker();
    const [id = ''] = await stage.submit(ledger, api, JOBS);
    process.kill(await slowMotion.reached('download', id), 'SIGKILL');
    await worker.line(({ msg }) => msg === 'process died');
    slowMotion.release('download');
    const { exactlyOnce } = await stage.conclude('1. worker killed before download', ledger, [api]);
    expect(exactlyOnce).toBe(JOBS);
    expect(takenBack(worker)).toBeGreaterThan(0);
  });

  it('during inference: the job is soon free, and its sync caller still gets the answer', async () => {
    const ledger = createLedger();
    const answer = stage.ask(ledger, api, slow);
    const id = await until('the photo is stored', async () => (await stage.uploads())[0]?.slice('uploads/'.length));
    const others = await stage.submit(ledger, api, JOBS);
    for (const each of [id, ...others]) slowMotion.hold('download', each);
    const worker = await addWorker();
    await Promise.all([id, ...others].slice(0, CONCURRENCY).map((each) => slowMotion.reached('download', each)));
    slowMotion.release('download', id);
    process.kill(await slowMotion.reached('inference', id), 'SIGKILL');
    const killedAt = Date.now();
    expect(decisions(worker, id)).toBe(0);
    slowMotion.reset();
    const again = await worker.line((line) => isTakenBack(line) && line.job_id === id);
    expect(Date.parse(String(again.time)) - killedAt).toBeLessThan(FREE_MS);
    expect((await answer).status).toBe(200);
    await stage.conclude('1. worker killed during inference', ledger, [api]);
  });

  it('after the result, before its completion', async () => {
    const ledger = createLedger();
    slowMotion.hold('download');
    const worker = await addWorker();
    const ids = await stage.submit(ledger, api, CONCURRENCY);
    const pids = await Promise.all(ids.map((id) => slowMotion.reached('download', id)));
    // From now on Redis lets nobody write: results can be computed, and not handed in.
    await stage.redis.client('PAUSE', 60_000, 'WRITE');
    slowMotion.release('download');
    await Promise.all(ids.map((id) => worker.line(({ msg, job_id }) => msg === 'job' && job_id === id)));
    process.kill(pids[0] ?? 0, 'SIGKILL');
    await worker.line(({ msg }) => msg === 'process died');
    expect((await stage.redis.lrange(`${QUEUE_KEY}active`, 0, -1)).sort()).toEqual([...ids].sort());
    await stage.redis.client('UNPAUSE');
    await stage.conclude('1. worker killed before completion', ledger, [api]);
    expect(ids.map((id) => decisions(worker, id))).toEqual([2, 2, 2]);
  });

  it('after the completion: nothing is decided twice, and the sweep removes the photo', async () => {
    const ledger = createLedger();
    slowMotion.hold('removal');
    const worker = await addWorker();
    const [id = ''] = await stage.submit(ledger, api, JOBS);
    process.kill(await slowMotion.reached('removal', id), 'SIGKILL');
    await worker.line(({ msg }) => msg === 'process died');
    slowMotion.release('removal');
    await until('a new process is ready', () =>
      worker.lines.filter(isInferenceReady).length === 2 ? true : undefined,
    );
    expect(await stage.uploads()).toContain(`uploads/${id}`);
    await stage.sweep();
    expect(decisions(worker, id)).toBe(1);
    await stage.conclude('1. worker killed after completion', ledger, [api]);
  });

  it('of its supervisor: the inference process ends what it runs and leaves, the rest is for others', async () => {
    const ledger = createLedger();
    slowMotion.hold('download');
    const worker = await addWorker();
    const ids = await stage.submit(ledger, api, JOBS);
    const running = ids.slice(0, CONCURRENCY);
    const [pid = 0] = await Promise.all(running.map((id) => slowMotion.reached('download', id)));
    await stage.stop(worker, 'SIGKILL');
    await until(
      'the inference process stops',
      () => worker.lines.some(({ msg, reason }) => msg === 'stopping' && reason === 'parent gone') || undefined,
    );
    slowMotion.release('download');
    await until('the inference process is gone', () => !isAlive(pid) || undefined);
    expect(ids.map((id) => decisions(worker, id))).toEqual(ids.map((id) => (running.includes(id) ? 1 : 0)));
    const other = await addWorker();
    await stage.conclude('1. supervisor of a worker killed', ledger, [api]);
    expect(takenBack(other)).toBe(0);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
