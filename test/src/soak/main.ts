// `npm run soak`: everything that callers do all day, for minutes or hours, and whether anything grows that must not.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { say } from '../support/say.js';
import type { VitalSigns } from './signs.js';
import { soak } from './soak.js';
import { type Finding, judge } from './tolerances.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    clients: { type: 'string', default: '12' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write('Usage: npm run soak -- [--minutes 10] [--clients 12]\n');
  process.exit(0);
}
const seconds = 60 * Number(values.minutes);
const clients = Number(values.clients);

const mb = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

function resident({ processes }: VitalSigns, name: string): number {
  return processes.filter((process) => process.name === name).reduce((sum, process) => sum + process.residentBytes, 0);
}

function descriptors({ processes }: VitalSigns, name: string): number {
  return processes.filter((process) => process.name === name).reduce((sum, process) => sum + process.descriptors, 0);
}

const BARS = '▁▂▃▄▅▆▇█';

function sparkline(values: readonly number[]): string {
  const most = Math.max(1, ...values);
  return values.map((value) => BARS[Math.round((value / most) * (BARS.length - 1))]).join('');
}

say(`${availableParallelism()} cores, ${clients} clients, ${values.minutes} min, a quarter of it to warm up`);
const report = await soak({
  seconds,
  clients,
  onSigns: (signs, at) =>
    say(
      `${at.toFixed(0).padStart(6)} s  API ${mb(resident(signs, 'api'))}  inference ${mb(resident(signs, 'inference'))}` +
        `  Redis ${mb(signs.redisBytes)}, ${signs.jobKeys} jobs  ${descriptors(signs, 'api')} descriptors  ${signs.uploads} uploads`,
    ),
});
const { deeds, history, alarms } = report;

say('\nunder load, from 0');
const lines: [string, (signs: VitalSigns) => number][] = [
  ['memory of the API', (signs) => resident(signs, 'api')],
  ['memory of inference', (signs) => resident(signs, 'inference')],
  ['memory of Redis', (signs) => signs.redisBytes],
  ['jobs in Redis', (signs) => signs.jobKeys],
  ["the API's descriptors", (signs) => descriptors(signs, 'api')],
  ['uploads', (signs) => signs.uploads],
];
for (const [name, of] of lines) say(`  ${name.padEnd(24)}${sparkline(history.map(of))}`);

say('\ndone');
for (const { name, ok, busy, wrong } of deeds) {
  say(
    `  ${name.padEnd(24)}${ok} right, ${busy} refused for want of room, ${wrong.length} wrong ${wrong.slice(0, 3).join('; ')}`,
  );
}

const cell = ({ unit }: Finding, value: number) => (unit === 'bytes' ? mb(value) : `${value}`).padStart(11);
const findings = judge(report);
say(`\n${'settled'.padEnd(30)}${['start', 'end', 'may grow'].map((head) => head.padStart(11)).join('')}`);
for (const finding of findings) {
  const { what, start, end, tolerance, why, ok } = finding;
  const cells = [start, end, tolerance].map((value) => cell(finding, value)).join('');
  say(`${what.padEnd(30)}${cells}  ${ok ? 'ok    ' : 'GROWS '} ${why}`);
}
for (const alarm of alarms) say(alarm);

const isSound = findings.every(({ ok }) => ok) && deeds.every(({ wrong }) => wrong.length === 0) && alarms.length === 0;
say(isSound ? 'ok' : 'FAILED');
process.exit(isSound ? 0 : 1);
