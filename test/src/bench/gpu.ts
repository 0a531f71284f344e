// `npm run bench:gpu`: what a GPU does with batches of faces, and what the pipeline of several processes gains from it,
// beside the same processes on the CPU alone. Prints tables for docs/gpu.md and writes the figures as JSON.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadConfig } from '@rollcall/platform';
import { temporaryFolder } from '../support/rollcall.js';
import type { GpuMessage, GpuOrder, GpuReport } from './gpu-process.js';
import { makePhotos } from './photos.js';
import { percentile } from './statistics.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const { values } = parseArgs({
  options: {
    provider: { type: 'string', default: 'webgpu' },
    'max-faces': { type: 'string', default: '32' },
    seconds: { type: 'string', default: '5' },
    processes: { type: 'string', default: `1,${cpus().length},${cpus().length + 2}` },
    'curve-only': { type: 'boolean', default: false },
    out: { type: 'string', default: join(ROOT, 'test-results', 'gpu.json') },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write(
    'Usage: npm run bench:gpu -- [--provider webgpu|cuda|cpu] [--max-faces 32] [--seconds 5] [--processes 1,8,10] ' +
      '[--curve-only] [--out FILE.json]\n',
  );
  process.exit(0);
}
const provider = values.provider as GpuOrder['provider'];
const maxFaces = Number(values['max-faces']);
const seconds = Number(values.seconds);
const { modelsDir, embedBatch } = loadConfig();
/** Photos on their way while a batch is full: being decoded, or looked at. */
const AHEAD = 4;

async function reply(child: ChildProcess, message: GpuMessage): Promise<unknown> {
  child.send(message);
  const ended = once(child, 'exit').then(() => {
    throw new Error('a process of the benchmark ended');
  });
  const [answer] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  return answer;
}

async function measure(processes: number, order: GpuOrder): Promise<GpuReport[]> {
  const script = fileURLToPath(new URL('./gpu-process.js', import.meta.url));
  const children = Array.from({ length: processes }, () => fork(script));
  try {
    await Promise.all(children.map((child) => reply(child, { prepare: order })));
    return (await Promise.all(children.map((child) => reply(child, 'begin')))) as GpuReport[];
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

function spread(latencies: readonly number[]): [p50: number, p99: number] {
  return [percentile(latencies, 0.5) ?? Number.NaN, percentile(latencies, 0.99) ?? Number.NaN];
}

function row(cells: readonly (string | number)[]): void {
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}

async function measureCurve() {
  row(['faces in a batch', 'ms per batch, p50', 'p99', 'ms per face', 'faces/s', 'start and warm-up, s']);
  row(['---', '---', '---', '---', '---', '---']);
  const points = [];
  for (let faces = 1; faces <= maxFaces; faces *= 2) {
    // A batch that is full starts at once.
    const order = { provider, modelsDir, maxFaces: faces, maxWaitMs: 1000, seconds, concurrency: faces };
    const [report] = (await measure(1, order)) as [GpuReport];
    const { latencies, startMs } = report;
    const [p50, p99] = spread(latencies);
    const perSecond = report.faces / report.seconds;
    points.push({ faces, p50, p99, perSecond, startMs, batches: latencies.length });
    row([
      faces,
      p50.toFixed(1),
      p99.toFixed(1),
      (p50 / faces).toFixed(2),
      perSecond.toFixed(1),
      (startMs / 1000).toFixed(1),
    ]);
  }
  return points;
}

async function measurePipeline(photos: readonly string[]) {
  process.stdout.write('\n');
  row(['processes', 'provider', 'at a time, each', 'photos/s', 'p50 ms', 'p99 ms', 'CPU ms per photo']);
  row(['---', '---', '---', '---', '---', '---', '---']);
  const points = [];
  for (const processes of values.processes.split(',').map(Number)) {
    for (const where of provider === 'cpu' ? (['cpu'] as const) : (['cpu', provider] as const)) {
      const concurrency = where === 'cpu' ? 3 : embedBatch.maxFaces + AHEAD;
      const reports = await measure(processes, {
        provider: where,
        modelsDir,
        ...embedBatch,
        seconds,
        photos,
        concurrency,
      });
      const latencies = reports.flatMap((report) => report.latencies);
      const perSecond = reports.reduce((sum, report) => sum + report.faces / report.seconds, 0);
      const cpuMs = reports.reduce((sum, report) => sum + report.cpuMs, 0) / latencies.length;
      const [p50, p99] = spread(latencies);
      points.push({ processes, provider: where, concurrency, perSecond, p50, p99, cpuMs });
      row([processes, where, concurrency, perSecond.toFixed(1), p50.toFixed(0), p99.toFixed(0), cpuMs.toFixed(1)]);
    }
  }
  return points;
}

process.stdout.write(`${provider}, ${cpus().length} cores (${cpus()[0]?.model}), Node ${process.version}\n\n`);
const folder = temporaryFolder();
try {
  const curve = await measureCurve();
  const pipeline = values['curve-only'] ? [] : await measurePipeline(await makePhotos(folder.path));
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(
    values.out,
    `${JSON.stringify({ provider, cores: cpus().length, seconds, curve, pipeline }, null, 2)}\n`,
  );
} finally {
  folder.remove();
}
