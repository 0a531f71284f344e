import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { get } from '../src/support/client.js';
import { createLedger } from '../src/support/ledger.js';
import { ASYNC, openStage, type Stage } from './stage.js';
import { decisions } from './worker-log.js';

const OFF_MS = 30_000;
/** Less than the clocks are apart. */
const DEADLINE_MS = 15_000;
const JOBS = 10;

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});
afterEach(() => stage.clear());
afterAll(() => stage.close());

function clock(offMs: number): Record<string, string> {
  const script = fileURLToPath(new URL('./skewed-clock.mjs', import.meta.url));
  return { NODE_OPTIONS: `--import ${script}`, SKEWED_CLOCK_MS: `${offMs}`, JOB_DEADLINE_MS: `${DEADLINE_MS}` };
}

it.each([
  ['ahead', OFF_MS],
  ['behind', -OFF_MS],
])(
  'an API whose clock is 30 s %s of its workers’: no job expires, and the answers are right',
  async (where, offMs) => {
    const ledger = createLedger();
    const [skewed, right, worker] = await Promise.all([
      stage.addApi(clock(offMs)),
      stage.addApi(clock(0)),
      stage.addWorker(clock(0)),
    ]);
    // The clock is indeed off.
    const { time } = await skewed.line(({ msg }) => msg === 'listening');
    expect(Math.abs(Date.parse(String(time)) - Date.now() - offMs)).toBeLessThan(OFF_MS / 2);
    const answers = await Promise.all(
      Array.from({ length: JOBS }, (_, index) =>
        stage.ask(ledger, index % 2 === 0 ? skewed : right, stage.case(index), index % 3 === 0 ? ASYNC : {}),
      ),
    );
    expect(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 202)).toEqual([]);
    const { exactlyOnce } = await stage.conclude(`10. clocks 30 s apart: API ${where}`, ledger, [skewed, right]);
    expect(exactlyOnce).toBe(JOBS);
    expect(worker.lines.filter(({ outcome }) => outcome === 'expired')).toEqual([]);
  },
  120_000,
);

it('a worker whose clock is 30 s behind: a job that nobody took in time expires all the same', async () => {
  const api = await stage.addApi({ JOB_DEADLINE_MS: '1000' });
  const { jobId = '' } = await stage.ask(createLedger(), api, stage.case(0), ASYNC);
  await sleep(1_500);
  const worker = await stage.addWorker(clock(-OFF_MS));
  expect((await get(`${api.url}/v1/jobs/${jobId}?wait=30`)).body.status).toBe('expired');
  expect(worker.lines.find(({ job_id }) => job_id === jobId)).not.toHaveProperty('stage_ms');
  expect(decisions(worker, jobId)).toBe(1);
  await stage.noUploadLeft();
}, 120_000);
