// `npm run attack:memory`: what a thousand clients that upload at once do to an API's memory, and to somebody at a gate.
import { parseArgs } from 'node:util';
import { say } from '../support/say.js';
import { type Flood, floodMemory } from './memory-attack.js';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000' },
    bytes: { type: 'string', default: '10000000' },
    rate: { type: 'string', default: '20000' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write('Usage: npm run attack:memory -- [--clients 1000] [--bytes 10000000] [--rate 20000]\n');
  process.exit(0);
}

const LIMIT_BYTES = 700_000_000;
const clients = Number(values.clients);
const bytes = Number(values.bytes);
const FLOODS: Readonly<Record<string, Flood>> = {
  'as fast as they can': { clients, bytes },
  [`${values.rate} bytes a second each`]: { clients, bytes, bytesPerSecond: Number(values.rate) },
};

const mb = (count: number) => `${Math.round(count / 1e6)} MB`;
let failed = false;
for (const [name, flood] of Object.entries(FLOODS)) {
  const report = await floodMemory(flood);
  const { attackers, latencies, verified, verifications, residentPeak } = report;
  const percentile = (share: number) => `${Math.round(latencies[Math.floor(share * (latencies.length - 1))] ?? 0)} ms`;
  say(`${clients} clients upload ${mb(bytes)} each, ${name}; over after ${report.seconds.toFixed(0)} s`);
  say(`  API's memory: ${mb(report.residentBefore)} before, ${mb(residentPeak)} at most`);
  say(
    `  attackers: ${Object.entries(attackers)
      .map(([end, count]) => `${count} × ${end}`)
      .join(', ')}`,
  );
  say(
    `  at the gate: ${verified} of ${verifications} verified, p50 ${percentile(0.5)}, p99 ${percentile(0.99)}, max ${percentile(1)}`,
  );
  if (residentPeak > LIMIT_BYTES || verified < verifications) failed = true;
}
say(failed ? `FAILED: more than ${mb(LIMIT_BYTES)}, or somebody was not verified` : 'ok');
process.exit(failed ? 1 : 0);
