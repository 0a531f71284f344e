import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { employeePrefix } from '@rollcall/contracts';
import { loadConfig } from '@rollcall/platform';
import type { Redis } from 'ioredis';
import { startBarePipeline } from '../bench/bare.js';
import { startLoadGenerator } from '../bench/load-generator.js';
import type { LoadOrder, LoadReport } from '../bench/load-process.js';
import { makePhotos } from '../bench/photos.js';
import { type BenchStage, EMPLOYEE, openBenchStage } from '../bench/stage.js';
import { connectToPrivateRedis } from '../bench/watch.js';
import { type LogLine, startSystem, temporaryFolder } from '../support/rollcall.js';
import type { Costs, StoreKind, VerificationCosts } from './costs.js';
import { ROOT } from './costs.js';
import { type CpuMs, cpuBetween, cpuByName, type Member, members } from './cpu.js';
import { countS3Bytes } from './s3-bytes.js';

/** Of nobody: a job that ends without a photo being looked at. */
const NOBODY = 'nobody';
/** As many as keep one worker busy without a pause: it asks for no job that is not there. */
const BUSY_CLIENTS = 8;
/** While nothing waits, a worker asks this often for one job: once for it, twice in vain (bullmq/classes/worker). */
const ASKED_PER_IDLE_JOB = 3;
const QUEUED_JOBS = 32;
const WARM_UP_SECONDS = 3;
const IDLE_SECONDS = 2;

type Say = (line: string) => void;

/** CPU milliseconds per request of each kind of process, and what Redis did. */
interface Point {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  cpu(name: string): CpuMs;
  readonly clientMs: number;
  readonly commands: number;
  readonly redisBytes: number;
}

/** How much longer everything takes when so many cores are busy on average. */
interface Pace {
  readonly slowdown: number;
  readonly cores: number;
}

/**
 * Measures the costs on this machine with one worker process, in 80 seconds or so: alone and with a few clients, without
 * and with a second API, and what the API does while no worker runs. Nothing is fitted to a throughput or a latency.
 */
export async function measureCosts(say: Say): Promise<Costs> {
  const bare = await measureBare();
  say(`bare pipeline: ${JSON.stringify(rounded(bare))}`);
  const filesystem = await measureStore('filesystem', bare, say);
  const s3 = await measureStore('s3', bare, say);
  const { refuseMs, poll, hopMs, idleMs, accept } = filesystem;
  if (!accept) throw new Error('nothing was accepted');
  return {
    at: new Date().toISOString(),
    machine: { model: cpus()[0]?.model.trim() ?? '', cores: availableParallelism(), node: process.version },
    barePerSecond: bare.perSecond,
    slowdown: bare.slowdown,
    refuseMs,
    poll,
    hopMs,
    idleMs,
    stores: {
      filesystem: filesystem.costs(accept),
      s3: s3.costs({ ...accept, apiMs: accept.apiMs + Math.max(0, s3.apiMs - filesystem.apiMs) / 2 }),
    },
  };
}

/** Each process of the bare pipeline that has one photo at a time occupies one core, so throughput tells what a photo costs. */
async function measureBare() {
  const folder = temporaryFolder();
  const cores = availableParallelism();
  const order = { photos: await makePhotos(folder.path), modelsDir: join(ROOT, 'models'), concurrency: 1 };
  const one = startBarePipeline(1, order);
  const rest = startBarePipeline(cores - 1, order);
  await Promise.all([one.measure(1), rest.measure(1)]);
  const alone = await one.measure(4);
  const [first, others] = await Promise.all([one.measure(4), rest.measure(4)]);
  one.stop();
  rest.stop();
  folder.remove();
  const { decode = 0, embed = 0, ...betweenThem } = alone.stages;
  const slowdown = Math.max(0, (alone.perSecond * cores) / (first.perSecond + others.perSecond) - 1);
  const detectMs = Object.values(betweenThem).reduce((sum, ms) => sum + ms, 0);
  return { slowdown, cores, perSecond: alone.perSecond, decodeMs: decode, detectMs, embedMs: embed };
}

async function measureStore(
  kind: StoreKind,
  bare: Pace & { readonly detectMs: number; readonly embedMs: number },
  say: Say,
) {
  const stage = await openBenchStage({ s3: kind === 's3', settings: { WORKER_PROCESSES: '1' } });
  const redis = connectToPrivateRedis(loadConfig(stage.settings).dataDir);
  const generator = startLoadGenerator();
  const meter = createMeter(stage, redis, generator.run, bare);
  const verifications = stage.photoPaths.map((photoPath) => ({
    path: '/v1/verifications',
    form: { employeeId: EMPLOYEE, photoPath },
  }));
  const nobodys = verifications.map(({ path, form }) => ({ path, form: { ...form, employeeId: NOBODY } }));
  const verify = (clients: number, seconds: number) =>
    meter({ arrivals: { clients }, seconds, requests: verifications });
  try {
    await verify(4, WARM_UP_SECONDS);
    await meter.settle();
    const warm = stage.system.lines.length;
    const alone = await verify(1, 5);
    const variation = variationOf(stage.system.lines.slice(warm));
    const busy = await verify(BUSY_CLIENTS, 8);
    const latency = await measureLatency(stage);
    const hopMs = (await median(100, () => redis.ping())) / 2;
    say(`${kind}, 1 client: ${describe(alone)}`);
    say(`${kind}, ${BUSY_CLIENTS} clients: ${describe(busy)}`);
    const more = kind === 'filesystem' ? await measureMore() : undefined;
    const bytes = kind === 's3' ? await meanBytes(stage) : 0;

    return {
      refuseMs: more?.refuse.cpu('refusing').main ?? 0,
      poll: { apiMs: more?.polled.cpu('api').main ?? 0, redisMs: more ? total(more.polled.cpu('redis')) : 0 },
      hopMs,
      idleMs: {
        api: total(meter.idle('api')),
        redis: total(meter.idle('redis')),
        worker: total(meter.idle('inference')),
      },
      apiMs: busy.cpu('api').main,
      accept: more && {
        apiMs: more.accepted.cpu('api').main,
        redisMs: total(more.accepted.cpu('redis')),
        overheardMs: more.overheard.cpu('refusing').main,
        redisOverheardMs: Math.max(0, total(more.overheard.cpu('redis')) - total(more.unheard.cpu('redis'))),
      },
      costs: (accept: AcceptCosts) => costsOf({ alone, busy, accept, bare, variation, latency, bytes }),
    };
  } finally {
    generator.stop();
    redis.disconnect();
    await stage.stop();
  }

  /** With a second API, which refuses everything; then without workers. */
  async function measureMore() {
    const folder = temporaryFolder();
    const { dataDir } = loadConfig(stage.settings);
    const quick = { arrivals: { clients: BUSY_CLIENTS }, seconds: 3, requests: nobodys };
    const unheard = await meter(quick, { status: 404 });
    const second = await startSystem('api', {
      DATA_DIR: folder.path,
      REDIS_URL: `unix://${join(dataDir, 'redis', 'redis.sock')}`,
      MAX_WAITING_JOBS: '1',
    });
    const more = [{ name: 'refusing', pid: second.pid }];
    await meter.settle(more);
    const overheard = await meter(quick, { status: 404, more });
    const stopped = members(stage.system.pid).filter(({ name }) => name === 'inference');
    for (const { pid } of stopped) process.kill(pid, 'SIGSTOP');
    try {
      const later = verifications.map((request) => ({ ...request, headers: { prefer: 'respond-async' } }));
      const accepted = await meter({ arrivals: { clients: 4 }, seconds: 2, requests: later }, { status: 202 });
      const polls = (await addJobs(stage)).map((id) => ({ path: `/v1/jobs/${id}` }));
      const polled = await meter({ arrivals: { clients: 4 }, seconds: 2, requests: polls });
      const refuse = await meter(
        { arrivals: { clients: 4 }, seconds: 2, requests: verifications },
        { more, status: 503, url: second.url },
      );
      say(
        `accepting: ${describe(accepted)}; polls: ${describe(polled)}; refusing: ${refuse.cpu('refusing').main.toFixed(2)} ms`,
      );
      say(
        `${overheard.perSecond.toFixed(0)} jobs/s of another API: ${overheard.cpu('refusing').main.toFixed(2)} ms each`,
      );
      return { unheard, overheard, accepted, polled, refuse };
    } finally {
      for (const { pid } of stopped) process.kill(pid, 'SIGCONT');
      await second.stop('SIGKILL');
      folder.remove();
    }
  }
}

interface AcceptCosts {
  readonly apiMs: number;
  readonly redisMs: number;
  readonly overheardMs: number;
  readonly redisOverheardMs: number;
}

interface Measured {
  readonly alone: Point;
  readonly busy: Point;
  readonly accept: AcceptCosts;
  readonly bare: { readonly detectMs: number; readonly embedMs: number };
  readonly variation: number;
  readonly latency: { readonly put: number; readonly read: number };
  readonly bytes: number;
}

function costsOf({ alone, busy, accept, bare, variation, latency, bytes }: Measured): VerificationCosts {
  const { detectMs, embedMs } = bare;
  const onLoop = Math.max(0, busy.cpu('inference').main - detectMs - embedMs);
  const redisMs = total(busy.cpu('redis'));
  const inVain = (name: string, of: (cpu: CpuMs) => number) =>
    Math.max(0, of(alone.cpu(name)) - of(busy.cpu(name))) / ASKED_PER_IDLE_JOB;
  const acceptMs = Math.min(accept.apiMs, busy.cpu('api').main);
  return {
    api: {
      acceptMs,
      replyMs: busy.cpu('api').main - acceptMs,
      poolMs: busy.cpu('api').other,
      overheardMs: accept.overheardMs,
    },
    redis: {
      addMs: Math.min(accept.redisMs, redisMs),
      finishMs: Math.max(0, redisMs - accept.redisMs),
      overheardMs: accept.redisOverheardMs,
      askMs: inVain('redis', total),
      commands: busy.commands,
      bytes: busy.redisBytes,
    },
    worker: {
      beginMs: onLoop / 2,
      finishMs: onLoop / 2,
      askMs: inVain('inference', ({ main }) => main),
      decodeMs: busy.cpu('inference').other,
      detectMs,
      embedMs,
      variation,
    },
    store: {
      putLatencyMs: latency.put,
      readLatencyMs: latency.read,
      serverMs: total(busy.cpu('minio')),
      bytes,
    },
    clientMs: busy.clientMs,
  };
}

interface MeterOptions {
  /** Processes outside the system. */
  readonly more?: readonly Member[];
  /** The status that counts. */
  readonly status?: number;
  readonly url?: string;
}

/** Runs an order and accounts for what it used, per request, as if one core only were busy. */
function createMeter(
  stage: BenchStage,
  redis: Redis,
  run: (order: LoadOrder) => Promise<LoadReport>,
  { slowdown, cores }: Pace,
) {
  const system = members(stage.system.pid);
  const minio = members(process.pid).filter(({ name }) => name === 'minio');
  /** CPU that each kind of process uses in a second of doing nothing. */
  let idle: (name: string) => CpuMs = () => ({ main: 0, other: 0 });

  /** Has to be called before anything is measured, and again when there are more processes. */
  async function settle(more: readonly Member[] = []): Promise<void> {
    const watched = [...system, ...minio, ...more];
    await sleep(500);
    const before = cpuByName(watched);
    await sleep(IDLE_SECONDS * 1000);
    const used = cpuBetween(before, cpuByName(watched));
    idle = (name) => ({ main: used(name).main / IDLE_SECONDS, other: used(name).other / IDLE_SECONDS });
  }

  async function measure(
    order: Omit<LoadOrder, 'url'>,
    { more = [], status = 200, url = stage.system.url }: MeterOptions = {},
  ): Promise<Point> {
    const watched = [...system, ...minio, ...more];
    const before = { cpu: cpuByName(watched), redis: await redisStats(redis), at: performance.now() };
    const { samples, cpuSeconds } = await run({ ...order, url });
    const seconds = (performance.now() - before.at) / 1000;
    const after = { cpu: cpuByName(watched), redis: await redisStats(redis) };
    const requests = samples.filter((sample) => sample.status === status).length;
    if (requests === 0) throw new Error(`no request was answered with ${status}`);
    const used = cpuBetween(before.cpu, after.cpu);
    const usedMs = Object.keys(after.cpu).reduce((sum, name) => sum + total(used(name)), cpuSeconds * 1000);
    const busyCores = Math.max(1, Math.min(cores, usedMs / (1000 * seconds)));
    const pace = cores > 1 ? 1 + (slowdown * (busyCores - 1)) / (cores - 1) : 1;
    const times = samples.map(({ ms }) => ms).sort((a, b) => a - b);
    return {
      requests,
      perSecond: requests / seconds,
      p50: times[times.length >> 1] ?? 0,
      cpu(name) {
        const [{ main, other }, still] = [used(name), idle(name)];
        const perRequest = (ms: number, idleMs: number) => Math.max(0, ms - idleMs * seconds) / requests / pace;
        return { main: perRequest(main, still.main), other: perRequest(other, still.other) };
      },
      clientMs: (cpuSeconds * 1000) / requests / pace,
      commands: (after.redis.commands - before.redis.commands) / requests,
      redisBytes: (after.redis.bytes - before.redis.bytes) / requests,
    };
  }

  return Object.assign(measure, { settle, idle: (name: string) => idle(name) });
}

async function redisStats(redis: Redis): Promise<{ commands: number; bytes: number }> {
  const info = await redis.info('stats');
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return {
    commands: field('total_commands_processed'),
    bytes: field('total_net_input_bytes') + field('total_net_output_bytes'),
  };
}

/** How much inference differs from photo to photo, from the workers' log. */
function variationOf(lines: readonly LogLine[]): number {
  const times = lines.flatMap(({ msg, stage_ms }) => {
    if (msg !== 'job' || typeof stage_ms !== 'object' || stage_ms === null) return [];
    return [Object.values(stage_ms as Record<string, number>).reduce((sum, ms) => sum + ms, 0)];
  });
  const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
  const variance = times.reduce((sum, ms) => sum + (ms - mean) ** 2, 0) / times.length;
  return mean > 0 ? Math.sqrt(variance) / mean : 0;
}

async function measureLatency({ store, photoPaths }: BenchStage): Promise<{ put: number; read: number }> {
  const photo = await readFile(photoPaths[0] as string);
  const key = 'uploads/measured';
  const put = await median(40, () => store.put(key, photo));
  const read = await median(40, () => Promise.all([store.get(key), store.list(employeePrefix(EMPLOYEE))]));
  await store.delete([key]);
  return { put, read };
}

async function meanBytes({ settings, photoPaths }: BenchStage): Promise<number> {
  const counts: number[] = [];
  for (const path of photoPaths) {
    counts.push(await countS3Bytes(settings, await readFile(path), employeePrefix(EMPLOYEE)));
  }
  return counts.reduce((sum, bytes) => sum + bytes, 0) / counts.length;
}

/** Jobs that wait for a worker; their ids. */
async function addJobs({ system, photoPaths }: BenchStage): Promise<string[]> {
  const photo = Uint8Array.from(await readFile(photoPaths[0] as string));
  return Promise.all(
    Array.from({ length: QUEUED_JOBS }, async () => {
      const body = new FormData();
      body.set('employee_id', EMPLOYEE);
      body.set('image', new Blob([photo]), 'photo.jpg');
      const request = { method: 'POST', headers: { prefer: 'respond-async' }, body };
      const answer = await fetch(`${system.url}/v1/verifications`, request);
      const { job_id } = (await answer.json()) as { job_id?: string };
      if (!job_id) throw new Error(`a job was not accepted (${answer.status})`);
      return job_id;
    }),
  );
}

/** Milliseconds. */
async function median(times: number, act: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let index = 0; index < times; index++) {
    const began = performance.now();
    await act();
    taken.push(performance.now() - began);
    await sleep(1);
  }
  return taken.sort((a, b) => a - b)[times >> 1] ?? 0;
}

function total({ main, other }: CpuMs): number {
  return main + other;
}

function describe(point: Point): string {
  const cpu = ['inference', 'api', 'redis', 'minio'].flatMap((name) => {
    const { main, other } = point.cpu(name);
    return main + other > 0 ? [`${name} ${main.toFixed(2)} + ${other.toFixed(2)}`] : [];
  });
  return `${point.perSecond.toFixed(1)}/s, p50 ${point.p50.toFixed(1)} ms, CPU ms ${cpu.join(', ')}, client ${point.clientMs.toFixed(2)}`;
}

function rounded(record: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, Number(value.toFixed(3))]));
}
