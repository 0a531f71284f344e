// `npm run bench:search`: one face against everybody, in one process, over a filesystem store of its own. Nothing is
// decoded or inferred: the embeddings are there beforehand, made up, which a comparison cannot tell.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { EMPLOYEES_PREFIX, employeePrefix } from '@rollcall/contracts';
import { EMBEDDING_LENGTH, normalise, type PhotoAnalyser, type PhotoAnalysis } from '@rollcall/face-core';
import { createGallery, createGalleryIndex, type ReferenceStore } from '@rollcall/gallery';
import { createBlobStore, loadConfig } from '@rollcall/platform';
import { temporaryFolder } from '../support/rollcall.js';

const { values } = parseArgs({
  options: {
    employees: { type: 'string', default: '4000' },
    photos: { type: 'string', default: '5' },
    searches: { type: 'string', default: '200' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write('Usage: npm run bench:search -- [--employees 4000] [--photos 5] [--searches 200]\n');
  process.exit(0);
}
const employees = Number(values.employees);
const photosEach = Number(values.photos);
const searches = Number(values.searches);

const THRESHOLD = 0.593;
const WRITTEN_AT_ONCE = 16;

function randomEmbedding(): Float32Array {
  const embedding = Float32Array.from({ length: EMBEDDING_LENGTH }, () => Math.random() - 0.5);
  normalise(embedding);
  return embedding;
}

/** In place of the networks: a photo's content is its embedding. */
const analyser: PhotoAnalyser = {
  modelId: 'random',
  async analyse(bytes) {
    const embedding = new Float32Array(Uint8Array.from(bytes).buffer);
    const landmarks = Array.from({ length: 5 }, () => [0, 0]);
    const face = { embedding, box: { x: 0, y: 0, w: 100, h: 100 }, landmarks };
    return { kind: 'face', face, ambiguous: false } as unknown as PhotoAnalysis;
  },
};

/** Fills the store by way of the gallery, so that the embeddings have the form that it reads. */
async function fill(root: string, store: ReferenceStore): Promise<Float32Array[]> {
  const enrolled: Float32Array[] = [];
  async function put(key: string, bytes: Uint8Array) {
    // The store's own way waits for the disk, twice 20,000 times.
    const path = join(root, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    return { etag: '' };
  }
  const gallery = createGallery({ store: { ...store, put }, analyser, cacheSize: 1 });
  const ids = Array.from({ length: employees }, (_, i) => `${i + 1}`).values();
  const fillNext = async () => {
    for (const employeeId of ids) {
      for (let i = 1; i <= photosEach; i++) {
        const embedding = randomEmbedding();
        enrolled.push(embedding);
        await put(`${employeePrefix(employeeId)}face_${i}.jpg`, new Uint8Array(embedding.buffer));
      }
      await gallery.references(await gallery.open(employeeId));
    }
  };
  await Promise.all(Array.from({ length: WRITTEN_AT_ONCE }, fillNext));
  return enrolled;
}

/** The same person on another photo: about 0.3 away. */
function similarTo(embedding: Float32Array): Float32Array {
  const noise = randomEmbedding();
  const similar = embedding.map((value, i) => value + (noise[i] as number));
  normalise(similar);
  return similar;
}

interface Cost {
  readonly ms: number;
  /** Of all cores. */
  readonly cpuMs: number;
  /** The longest that nothing else could run in the process. */
  readonly blockedMs: number;
}

async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  await work();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuBefore);
  delay.disable();
  return { ms, cpuMs: (user + system) / 1000, blockedMs: delay.max / 1e6 };
}

async function percentiles(work: () => Promise<unknown>): Promise<{ p50: number; p99: number }> {
  const times: number[] = [];
  for (let i = 0; i < searches; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))] as number;
  return { p50: at(0.5), p99: at(0.99) };
}

/** Megabytes that are in use, on the heap and beside it. */
function megabytesHeld(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}

function say(...cells: [string, number][]): void {
  process.stdout.write(`${cells.map(([text, width]) => text.padStart(width)).join('')}\n`);
}

const folder = temporaryFolder();
const store = createBlobStore(loadConfig({ DATA_DIR: folder.path }));
process.stdout.write(`${employees} employees with ${photosEach} reference photos each, filesystem store\n\n`);
const enrolled = await fill(folder.path, store);

const before = megabytesHeld();
const index = createGalleryIndex({
  store,
  gallery: createGallery({ store, analyser }),
  relistMs: 3_600_000,
  onError: (error) => {
    throw error;
  },
});
const costs: [string, Cost][] = [
  ['load', await costOf(() => index.load())],
  ['compare with the store', await costOf(() => index.relist())],
  ['of which listing', await costOf(() => store.list(EMPLOYEES_PREFIX))],
];
const held = megabytesHeld() - before;

const stranger = { limit: 5, maxDistance: THRESHOLD };
const anybody = () => similarTo(enrolled[Math.floor(Math.random() * enrolled.length)] as Float32Array);
const latencies: [string, { p50: number; p99: number }][] = [
  ['nobody near, nothing to confirm', await percentiles(() => index.search(randomEmbedding(), stranger))],
  ['one near, one folder to confirm', await percentiles(() => index.search(anybody(), stranger))],
  ['five asked for, five to confirm', await percentiles(() => index.search(anybody(), { limit: 5, maxDistance: 2 }))],
];

say(['', 34], ['ms', 10], ['cpu ms', 10], ['blocked ms', 12]);
for (const [what, { ms, cpuMs, blockedMs }] of costs) {
  say([what, 34], [ms.toFixed(0), 10], [cpuMs.toFixed(0), 10], [blockedMs.toFixed(0), 12]);
}
say();
say([`${searches} searches`, 34], ['p50 ms', 10], ['p99 ms', 10]);
for (const [what, { p50, p99 }] of latencies) say([what, 34], [p50.toFixed(2), 10], [p99.toFixed(2), 10]);
process.stdout.write(`\n${index.size} references hold ${held.toFixed(0)} MB, the gallery's cache of them included\n`);

index.close();
store.close();
folder.remove();
