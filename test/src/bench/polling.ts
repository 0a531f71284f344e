// `npm run bench:polling`: what it costs the verifications at the gates when thousands of queued and ended jobs are polled.
// With and without polls in turn, in one run; load generators and system share this machine.
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ENDED_COUNTER, QUEUE_NAME } from '@rollcall/contracts';
import { loadConfig } from '@rollcall/platform';
import { inSlices } from '../support/in-slices.js';
import { say } from '../support/say.js';
import { startLoadGenerator } from './load-generator.js';
import type { LoadOrder, LoadReport } from './load-process.js';
import { EMPLOYEE, openBenchStage, PROCESSES } from './stage.js';
import { percentile } from './statistics.js';
import { connectToPrivateRedis, cpuSecondsOf, startWatch } from './watch.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '10000' },
    every: { type: 'string', default: '30' },
    seconds: { type: 'string', default: '15' },
    rounds: { type: 'string', default: '3' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write('Usage: npm run bench:polling -- [--jobs 10000] [--every 30] [--seconds 15] [--rounds 3]\n');
  process.exit(0);
}
const jobs = Number(values.jobs);
const every = Number(values.every);
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

const CLIENTS = 64;
const ADDED_AT_ONCE = 32;
const TARGET_RATIO = 0.9;

/** The jobs that are polled must not expire meanwhile. */
const PATIENCE = { JOB_DEADLINE_MS: '3600000', RESULT_TTL_SECONDS: '7200', SYNC_TIMEOUT_MS: '60000' };

const stage = await openBenchStage({ s3: false, settings: PATIENCE });
const { url } = stage.system;
const redis = connectToPrivateRedis(loadConfig(stage.settings).dataDir);
const gates = startLoadGenerator();
const pollers = startLoadGenerator();
const verifications = stage.photoPaths.map((photoPath) => ({
  path: '/v1/verifications',
  form: { employeeId: EMPLOYEE, photoPath },
}));

/** Half of the jobs end at once, since nobody has their employee's id; the others are queued for as long as the run takes. */
async function addJobs(): Promise<string[]> {
  const photo = await readFile(stage.photoPaths[0] as string);
  return inSlices([...Array(jobs).keys()], ADDED_AT_ONCE, async (index) => {
    const body = new FormData();
    body.set('employee_id', index % 2 === 0 ? EMPLOYEE : 'nobody');
    body.set('image', new Blob([Uint8Array.from(photo)]), 'photo.jpg');
    const request = { method: 'POST', headers: { prefer: 'respond-async' }, body };
    const answer = await fetch(`${url}/v1/verifications`, request);
    const { job_id } = (await answer.json()) as { job_id?: string };
    if (!job_id) throw new Error(`a job was not accepted (${answer.status})`);
    return job_id;
  });
}

interface Round {
  /** Verifications of all kinds that workers have ended, by the second. */
  readonly ended: number;
  /** Milliseconds until somebody at a gate has the answer. */
  readonly gateP50: number | undefined;
  readonly gateP99: number | undefined;
  readonly polls: number;
  readonly pollP50: number | undefined;
  readonly pollP99: number | undefined;
  readonly pollErrors: number;
  /** CPU seconds a second. */
  readonly cores: { readonly api: number; readonly redis: number; readonly pollers: number };
}

async function measure(polls: LoadOrder | undefined): Promise<Round> {
  const watch = startWatch(stage.system.pid, redis);
  const atGates = gates.run({ url, seconds, arrivals: { clients: CLIENTS }, requests: verifications });
  const polled: Promise<LoadReport> = polls ? pollers.run(polls) : Promise.resolve({ samples: [], cpuSeconds: 0 });
  const before = Number(await redis.get(ENDED_COUNTER));
  await sleep(seconds * 1000);
  const ended = (Number(await redis.get(ENDED_COUNTER)) - before) / seconds;
  watch.stop();
  const [gateReport, pollReport] = await Promise.all([atGates, polled]);
  const gateMs = gateReport.samples.map(({ ms }) => ms);
  const pollMs = pollReport.samples.map(({ ms }) => ms);
  return {
    ended,
    gateP50: percentile(gateMs, 0.5),
    gateP99: percentile(gateMs, 0.99),
    polls: pollReport.samples.filter(({ at, ms }) => at + ms <= seconds * 1000).length / seconds,
    pollP50: percentile(pollMs, 0.5),
    pollP99: percentile(pollMs, 0.99),
    pollErrors: pollReport.samples.filter(({ status }) => status !== 200).length,
    cores: {
      api: cpuSecondsOf(watch.looks, 'api') / seconds,
      redis: cpuSecondsOf(watch.looks, 'redis') / seconds,
      pollers: pollReport.cpuSeconds / seconds,
    },
  };
}

say(`${PROCESSES} cores (load average ${loadavg()[0]?.toFixed(1)}), filesystem store; adding ${jobs} jobs`);
const ids = await addJobs();
const asked = { requests: ids.map((id) => ({ path: `/v1/jobs/${id}` })), arrivals: { perSecond: jobs / every } };
const polling: LoadOrder = { url, seconds, ...asked };
await measure(undefined);
say(`each job polled every ${every} s: ${(jobs / every).toFixed(0)} polls/s wanted; ${CLIENTS} clients verify\n`);

const COLUMNS = ['polls/s', 'ended/s', 'gate p50', 'gate p99', 'poll p50', 'poll p99', 'errors', 'CPU: API', 'Redis'];
say([...COLUMNS, 'pollers'].map((name) => name.padStart(11)).join(''));
const table: { readonly without: Round; readonly with: Round }[] = [];
for (let round = 0; round < rounds; round++) {
  const pair = { without: await measure(undefined), with: await measure(polling) };
  table.push(pair);
  for (const row of [pair.without, pair.with]) {
    const ms = (value: number | undefined) => (value === undefined ? '-' : `${value.toFixed(0)} ms`);
    const cells = [row.polls.toFixed(0), row.ended.toFixed(1), ms(row.gateP50), ms(row.gateP99), ms(row.pollP50)];
    const { api, redis: inRedis, pollers: atClients } = row.cores;
    cells.push(ms(row.pollP99), `${row.pollErrors}`, ...[api, inRedis, atClients].map((cores) => cores.toFixed(2)));
    say(cells.map((cell) => cell.padStart(11)).join(''));
  }
}
const queued = await redis.zcard(`bull:${QUEUE_NAME}:prioritized`);
const sum = (which: 'without' | 'with') => table.reduce((total, pair) => total + pair[which].ended, 0);
const ratio = sum('with') / sum('without');
const errors = table.reduce((total, pair) => total + pair.with.pollErrors, 0);
say(`\nat the end ${queued} of the jobs are still queued`);
say(`verifications with polls: ${(100 * ratio).toFixed(0)} % of those without`);

const json = join(ROOT, 'test-results', 'bench-polling.json');
mkdirSync(join(ROOT, 'test-results'), { recursive: true });
writeFileSync(
  json,
  `${JSON.stringify({ at: new Date().toISOString(), jobs, every, seconds, ratio, table }, null, 2)}\n`,
);
say('written to test-results/bench-polling.json');

gates.stop();
pollers.stop();
redis.disconnect();
await stage.stop();
const reached = ratio >= TARGET_RATIO && errors === 0;
say(reached ? 'ok' : `MISSED: at least ${100 * TARGET_RATIO} % and every poll answered with 200`);
process.exit(reached ? 0 : 1);
