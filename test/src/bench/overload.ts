// `npm run bench:overload`: more verifications than the machine can do, from people who do not wait for each other. Capacity
// is measured in the same run before and after, in a closed loop; load generator and system share this machine.
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadConfig } from '@rollcall/platform';
import { say } from '../support/say.js';
import { servedPerSecond, startLoadGenerator } from './load-generator.js';
import type { LoadOrder, LoadReport } from './load-process.js';
import { drawOverload, summarise } from './overload-report.js';
import { EMPLOYEE, openBenchStage, PROCESSES } from './stage.js';
import { connectToPrivateRedis, cpuSecondsOf, residentOf, startWatch } from './watch.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const { values } = parseArgs({
  options: {
    factor: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '120' },
    out: { type: 'string', default: join(ROOT, 'test-results', 'overload.svg') },
    minio: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write('Usage: npm run bench:overload -- [--factor 3] [--seconds 120] [--out FILE.svg] [--minio]\n');
  process.exit(0);
}
const factor = Number(values.factor);
const seconds = Number(values.seconds);

/** As many as keep every core busy and the API's line short. */
const CLIENTS = 64;
const WARM_UP_SECONDS = 5;
const CAPACITY_SECONDS = 15;
const TARGET_SHARE = 0.9;
/** If capacity has changed by more than this share meanwhile, something else was going on, and nothing can be concluded. */
const QUIET_SHARE = 0.1;

const stage = await openBenchStage({ s3: values.minio });
const { syncTimeoutMs: deadlineMs, dataDir } = loadConfig(stage.settings);
const redis = connectToPrivateRedis(dataDir);
const generator = startLoadGenerator();
const requests = stage.photoPaths.map((photoPath) => ({
  path: '/v1/verifications',
  form: { employeeId: EMPLOYEE, photoPath },
}));

function offer(arrivals: LoadOrder['arrivals'], forSeconds: number): Promise<LoadReport> {
  return generator.run({ url: stage.system.url, seconds: forSeconds, arrivals, requests });
}

async function measureCapacity(): Promise<number> {
  const { samples } = await offer({ clients: CLIENTS }, CAPACITY_SECONDS);
  await stage.idle();
  return servedPerSecond(samples, CAPACITY_SECONDS);
}

say(
  `${PROCESSES} cores (load average ${loadavg()[0]?.toFixed(1)}), ${values.minio ? 'MinIO' : 'filesystem store'}, photos 250×250 and 640×480`,
);
await offer({ clients: CLIENTS }, WARM_UP_SECONDS);
await stage.idle();
const before = await measureCapacity();
say(`capacity before: ${before.toFixed(1)}/s; offering ${(factor * before).toFixed(0)}/s for ${seconds} s`);

const watch = startWatch(stage.system.pid, redis);
const { samples, cpuSeconds } = await offer({ perSecond: factor * before }, seconds);
await stage.idle();
watch.stop();
const after = await measureCapacity();
const capacity = (before + after) / 2;
const run = { samples, looks: watch.looks, seconds, deadlineMs, capacity };
const report = summarise(run);

const ms = (value: number | undefined) => (value === undefined ? '-' : `${Math.round(value).toLocaleString('en')} ms`);
const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
const { accepted_ms: inMs, refused_ms: refusedMs } = report;
const overS = watch.looks.length;
const cores = (used: number) => `${(used / overS).toFixed(2)} cores`;
const memory = ['api', 'inference', 'redis'].map((name) => ({
  name,
  ...residentOf(watch.looks, name),
  cpuSeconds: cpuSecondsOf(watch.looks, name),
}));
const rows: [string, string][] = [
  ['capacity', `${before.toFixed(1)}/s before, ${after.toFixed(1)}/s after`],
  ['offered', `${report.offered} (${(report.offered / seconds).toFixed(0)}/s)`],
  ['accepted', `${report.accepted}`],
  ['answered in time', `${report.inTime} (${percent(report.inTime / report.accepted)} of accepted)`],
  ['refused (503)', `${report.refused}`],
  ['others', JSON.stringify(report.others)],
  ['goodput', `${report.goodput.toFixed(1)}/s, ${percent(report.goodputShare)} of capacity`],
  ['time to answer', `p50 ${ms(inMs.p50)}, p95 ${ms(inMs.p95)}, p99 ${ms(inMs.p99)} (deadline ${ms(deadlineMs)})`],
  ['time to refusal', `p50 ${ms(refusedMs.p50)}, p95 ${ms(refusedMs.p95)}, p99 ${ms(refusedMs.p99)}`],
  ['Retry-After', JSON.stringify(report.retryAfter)],
  ...memory.map(({ name, start, end, peak, cpuSeconds: used }): [string, string] => [
    name,
    `${mb(start)} at the start, ${mb(end)} at the end, ${mb(peak)} at most; ${cores(used)}`,
  ]),
  ['load generator', cores(cpuSeconds)],
];
for (const [name, text] of rows) say(`${name.padEnd(18)}${text}`);

const subtitle =
  `${factor} × capacity offered for ${seconds} s, ${PROCESSES} cores; ` +
  `${percent(report.goodputShare)} of capacity answered in time, p99 ${ms(inMs.p99)}, refusals p99 ${ms(refusedMs.p99)}`;
mkdirSync(dirname(values.out), { recursive: true });
writeFileSync(values.out, drawOverload(run, 'Rollcall under more than it can do', subtitle));
const json = join(ROOT, 'test-results', 'bench-overload.json');
mkdirSync(dirname(json), { recursive: true });
const numbers = {
  at: new Date().toISOString(),
  factor,
  seconds,
  before,
  after,
  deadlineMs,
  ...report,
  memory,
  cpuSeconds,
};
writeFileSync(json, `${JSON.stringify(numbers, null, 2)}\n`);
say(`written to ${values.out} and test-results/bench-overload.json`);

generator.stop();
redis.disconnect();
await stage.stop();
const isQuiet = Math.abs(before - after) <= QUIET_SHARE * capacity;
const isReached =
  report.goodputShare >= TARGET_SHARE && (inMs.p99 ?? 0) < deadlineMs && Object.keys(report.others).length === 0;
if (!isQuiet) say('The machine was not quiet: capacity has changed meanwhile. Measure again.');
say(isReached ? 'ok' : `MISSED: at least ${percent(TARGET_SHARE)} of capacity, p99 before the deadline, nothing else`);
process.exit(isReached && isQuiet ? 0 : 1);
