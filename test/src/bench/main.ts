// `npm run bench`: the whole system under a closed loop, beside the bare pipeline measured before and after each point in
// the same run, because only ratios of one run can be compared. Clients, API, Redis, store and workers share this machine.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMinioMissing } from '../support/minio.js';
import { say } from '../support/say.js';
import { runBench } from './bench.js';
import { renderHtml } from './html.js';
import { parseBenchOptions, USAGE } from './options.js';
import { describe } from './print.js';

const options = parseBenchOptions(process.argv.slice(2), isMinioMissing);
if (options === 'help') {
  process.stdout.write(USAGE);
  process.exit(0);
}
const report = await runBench(options, say);
say(`\n${describe(report)}`);
mkdirSync(options.out, { recursive: true });
writeFileSync(join(options.out, options.files.json), `${JSON.stringify(report, null, 2)}\n`);
writeFileSync(join(options.out, options.files.html), renderHtml(report));
say(`\nwritten: ${options.files.json} and ${options.files.html} in ${options.out}`);
process.exit(report.systems.some(({ points }) => points.some(({ errors }) => errors > 0)) ? 1 : 0);
