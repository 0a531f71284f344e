// `npm run bench:pipeline [-- --rounds N] [--json FILE]`: what each stage of the bare pipeline costs for photos of several
// kinds, one photo at a time. Every round analyses every photo twice, once with a clock of wall time and once with one of
// the process's CPU time (all threads); told are medians over the rounds.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { PhotoAnalyser, StageTimes } from '@rollcall/face-core';
import sharp from 'sharp';
import { makePhonePhoto, makePhotos } from './photos.js';
import { percentile } from './statistics.js';

const MODELS = fileURLToPath(new URL('../../../models/', import.meta.url));
const STAGES = ['decode', 'detect', 'refine', 'align', 'embed'] as const satisfies readonly (keyof StageTimes)[];
const CLOCKS = { wall: () => performance.now(), cpu: cpuMilliseconds } as const;
const WARM_UP_ROUNDS = 3;
/** The photo that the others are compared with. */
const YARDSTICK = '640x480.jpg';

type Clock = keyof typeof CLOCKS;
type Costs = Readonly<Record<(typeof STAGES)[number] | 'all', number>>;

interface PhotoCosts extends Readonly<Record<Clock, Costs>> {
  readonly photo: string;
  readonly bytes: number;
}

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '30' }, json: { type: 'string' } },
});
const rounds = Number(options.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError('--rounds must be a whole number from 1');

const folder = mkdtempSync(join(tmpdir(), 'rollcall-bench-'));
try {
  const paths = await makeAllPhotos(folder);
  const costs = await measure(paths);
  print(costs);
  if (options.json) {
    const machine = { cpu: cpus()[0]?.model, node: process.version };
    writeFileSync(options.json, `${JSON.stringify({ machine, rounds, photos: costs }, undefined, 2)}\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

async function measure(paths: readonly string[]): Promise<PhotoCosts[]> {
  // Not before the photos are made: it shuts sharp's file loaders.
  const { createEngine, createPhotoAnalyser } = await import('@rollcall/face-core');
  const engine = await createEngine({ modelsDir: MODELS, executionProvider: 'cpu' });
  const analysers = mapClocks((clock) => createPhotoAnalyser(engine, { maxPixels: 4e7, now: CLOCKS[clock] }));
  const photos = await Promise.all(
    paths.map(async (path) => ({
      photo: basename(path),
      bytes: await readFile(path),
      runs: mapClocks((): StageTimes[] => []),
    })),
  );
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const { bytes, runs } of photos) {
      for (const clock of ['wall', 'cpu'] as const) {
        const times = await stageTimes(analysers[clock], bytes);
        if (round >= 0) runs[clock].push(times);
      }
    }
  }
  await engine.close();
  return photos.map(({ photo, bytes, runs }) => ({
    photo,
    bytes: bytes.length,
    ...mapClocks((clock) => medians(runs[clock])),
  }));
}

async function stageTimes(analyser: PhotoAnalyser, bytes: Buffer): Promise<StageTimes> {
  const analysis = await analyser.analyse(bytes);
  if (analysis.kind !== 'face') throw new Error('the benchmark photo shows no face');
  return analysis.times;
}

function medians(runs: readonly StageTimes[]): Costs {
  const median = (cost: (times: StageTimes) => number) => percentile(runs.map(cost), 0.5) ?? 0;
  const stages = Object.fromEntries(STAGES.map((stage) => [stage, median((times) => times[stage])]));
  const all = median((times) => STAGES.reduce((sum, stage) => sum + times[stage], 0));
  return { ...stages, all } as Costs;
}

function print(costs: readonly PhotoCosts[]): void {
  const lines = ['Median milliseconds by stage. wall: as time passes; CPU: of all threads of the process.'];
  const yardstick = costs.find(({ photo }) => photo === YARDSTICK);
  for (const [clock, title] of [
    ['wall', 'wall'],
    ['cpu', 'CPU'],
  ] as const) {
    const rows = costs.map((photo) => [
      photo.photo,
      `${Math.round(photo.bytes / 1000)} KB`,
      ...[...STAGES, 'all' as const].map((stage) => photo[clock][stage].toFixed(2)),
      (photo[clock].all / (yardstick?.[clock].all ?? Number.NaN)).toFixed(2),
    ]);
    lines.push('');
    for (const row of [[title, 'size', ...STAGES, 'all', 'ratio'], ...rows]) {
      lines.push(row.map((cell, column) => (column === 0 ? cell.padEnd(16) : cell.padStart(9))).join(''));
    }
  }
  process.stdout.write(`${lines.join('\n')}\n\nratio: to the ${YARDSTICK}\n`);
}

/** What gate terminals send, the larger one also as PNG and WebP, and what a phone's camera makes. Their paths. */
async function makeAllPhotos(folder: string): Promise<string[]> {
  const jpegs = await makePhotos(folder);
  const vga = jpegs.find((path) => basename(path) === YARDSTICK) as string;
  const png = join(folder, '640x480.png');
  await sharp(vga).toFile(png);
  const webp = join(folder, '640x480.webp');
  await sharp(vga).webp({ quality: 90 }).toFile(webp);
  const phone = await makePhonePhoto(folder);
  return [...jpegs, png, webp, phone.path];
}

function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function mapClocks<T>(make: (clock: Clock) => T): Record<Clock, T> {
  return { wall: make('wall'), cpu: make('cpu') };
}
