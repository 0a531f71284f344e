// `npm run bench`: the whole system under a closed loop, beside the bare pipeline measured before and after each point in
// the same run, because only ratios of one run can be compared. Client, API, Redis, store and workers share this machine.
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createBlobStore, loadConfig } from '@rollcall/platform';
import sharp from 'sharp';
import { photoPath } from '../support/client.js';
import { startMinio } from '../support/minio.js';
import { startSystem, temporaryFolder } from '../support/rollcall.js';
import { until } from '../support/until.js';
import { startBarePipeline } from './bare.js';
import { type LoadResult, load } from './load.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '8' },
    clients: { type: 'string', default: '1,8,64,256' },
    s3: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write('Usage: npm run bench -- [--seconds 8] [--clients 1,8,64,256] [--s3]\n');
  process.exit(0);
}
const seconds = Number(values.seconds);
const points = values.clients.split(',').map(Number);

const EMPLOYEE = '1001';
const PROCESSES = availableParallelism();
const CONCURRENCY = 3;
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

interface Row extends LoadResult {
  readonly clients: number;
  /** Bare pipeline, mean of before and after. */
  readonly bare: number;
  readonly ratio: number;
}

/** Two sizes that gate terminals send: a thumbnail and a VGA frame, of the same person as the reference. */
async function makePhotos(folder: string): Promise<string[]> {
  const sizes = [
    ['person_a_1.jpg', 250, 250],
    ['person_a_2.jpg', 640, 480],
  ] as const;
  return Promise.all(
    sizes.map(async ([name, width, height]) => {
      const path = join(folder, `${width}x${height}.jpg`);
      await sharp(photoPath(name))
        .resize(width, height, { fit: 'contain', background: '#777' })
        .jpeg({ quality: 90 })
        .toFile(path);
      return path;
    }),
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const folder = temporaryFolder();
const paths = await makePhotos(folder.path);
const photos = await Promise.all(paths.map((path) => readFile(path)));
const minio = values.s3 ? await startMinio() : undefined;
const settings = {
  DATA_DIR: join(folder.path, 'data'),
  WORKER_PROCESSES: `${PROCESSES}`,
  WORKER_CONCURRENCY: `${CONCURRENCY}`,
  SYNC_TIMEOUT_MS: '60000',
  ...(minio && {
    MINIO_ENDPOINT: `${minio.endPoint}:${minio.port}`,
    MINIO_ACCESS_KEY: minio.accessKey,
    MINIO_SECRET_KEY: minio.secretKey,
  }),
};

const store = createBlobStore(loadConfig(settings));
await store.put(`employees/${EMPLOYEE}/face_1.jpg`, await readFile(photoPath('person_a_1.jpg')));
const system = await startSystem('start', settings);
const bare = startBarePipeline(PROCESSES, { photos: paths, modelsDir: join(ROOT, 'models'), concurrency: CONCURRENCY });

say(
  `${PROCESSES} cores, ${values.s3 ? 'MinIO' : 'filesystem store'}, ${seconds} s a point, photos 250×250 and 640×480\n`,
);
await load(system.url, EMPLOYEE, photos, 4, 2);
await bare.measure(2);
let before = await bare.measure(seconds / 2);
const { stages } = before;
const rows: Row[] = [];
say('clients   per s   bare per s   ratio   p50 ms   p90 ms   p99 ms   errors');
for (const clients of points) {
  const result = await load(system.url, EMPLOYEE, photos, clients, seconds);
  // The last requests of a closed loop are still queued when it ends.
  await until(
    'the queue is empty',
    async () => ((await store.list('uploads/')).some(({ size }) => size > 0) ? undefined : true),
    60_000,
  );
  const after = await bare.measure(seconds / 2);
  const mean = (before.perSecond + after.perSecond) / 2;
  before = after;
  const row: Row = { clients, ...result, bare: mean, ratio: result.perSecond / mean };
  rows.push(row);
  const cells: [string, number][] = [
    [`${clients}`, 7],
    [row.perSecond.toFixed(1), 8],
    [row.bare.toFixed(1), 13],
    [`${(100 * row.ratio).toFixed(0)} %`, 8],
    [`${row.p50}`, 9],
    [`${row.p90}`, 9],
    [`${row.p99}`, 9],
    [`${row.errors}`, 9],
  ];
  say(cells.map(([text, width]) => text.padStart(width)).join(''));
}
const describe = Object.entries(stages).map(([stage, ms]) => `${stage} ${ms.toFixed(1)}`);
say(`\nbare pipeline, mean ms a verification: ${describe.join(', ')}`);

const results = join(ROOT, 'test-results');
mkdirSync(results, { recursive: true });
const report = {
  at: new Date().toISOString(),
  processes: PROCESSES,
  store: values.s3 ? 's3' : 'filesystem',
  seconds,
  stages,
  rows,
};
writeFileSync(join(results, 'bench.json'), `${JSON.stringify(report, null, 2)}\n`);
say('written to test-results/bench.json');

bare.stop();
await system.stop();
store.close();
await minio?.stop();
folder.remove();
process.exit(rows.some(({ errors }) => errors > 0) ? 1 : 0);
