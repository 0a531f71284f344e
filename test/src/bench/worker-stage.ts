import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { employeePrefix } from '@rollcall/contracts';
import { createBlobStore, loadConfig } from '@rollcall/platform';
import { Redis } from 'ioredis';
import { photoPath } from '../support/client.js';
import { inSlices } from '../support/in-slices.js';
import { figuresOf, processTree } from '../support/processes.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { type RollcallProcess, type System, startSystem, startWorker, temporaryFolder } from '../support/rollcall.js';
import { until } from '../support/until.js';
import { makePhotos } from './photos.js';

/** Who is enrolled, and on all photos. */
export const EMPLOYEE = '1001';

type Settings = Readonly<Record<string, string>>;

/** How a worker is run. */
export interface WorkerVariant {
  readonly settings: Settings;
  /** Does something to the inference processes once they run. */
  arrange?(pids: readonly number[]): void;
}

export interface Drained {
  readonly perSecond: number;
  /** Milliseconds of the inference processes' processor time for one job. */
  readonly cpuMs: number;
  /** Mean of the inference processes. */
  readonly residentMb: number;
}

export interface RunningWorker {
  readonly process: RollcallProcess;
  /** Of the inference processes. */
  readonly pids: readonly number[];
}

/** Redis, files and one employee; API and workers come and go. */
export interface WorkerStage {
  readonly redis: RedisServer;
  readonly photoPaths: readonly string[];
  startApi(): Promise<System>;
  startWorker(variant: WorkerVariant): Promise<RunningWorker>;
  /**
   * Workers alone: accepts jobs while no worker runs, ends the API, and then measures how fast a worker empties the queue,
   * without the beginning, when code is still cold, and the end, when not every process has something to do.
   */
  drain(jobs: number, variant: WorkerVariant): Promise<Drained>;
  stop(): Promise<void>;
}

const ACCEPTED_AT_ONCE = 16;
const FIRST_COUNTED = 0.2;
const LAST_COUNTED = 0.95;
const DRAIN_TIMEOUT_MS = 300_000;

/** The jobs must not expire before a worker comes. */
const PATIENCE = { JOB_DEADLINE_MS: '3600000', UPLOAD_MAX_AGE_SECONDS: '7200', SYNC_TIMEOUT_MS: '60000' };

export async function openWorkerStage(): Promise<WorkerStage> {
  const folder = temporaryFolder();
  const photoPaths = await makePhotos(folder.path);
  const photos = photoPaths.map((path) => readFileSync(path));
  const redis = await startRedis();
  // As the private Redis and docker-compose.yml have it.
  const client = new Redis(redis.url);
  await client.config('SET', 'appendfsync', 'everysec');
  client.disconnect();
  const settings: Settings = { ...PATIENCE, DATA_DIR: join(folder.path, 'data'), REDIS_URL: redis.url };
  const store = createBlobStore(loadConfig(settings));
  await store.put(`${employeePrefix(EMPLOYEE)}face_1.jpg`, readFileSync(photoPath('person_a_1.jpg')));

  const startApi = () => startSystem('api', settings);

  async function start(variant: WorkerVariant): Promise<RunningWorker> {
    const worker = await startWorker({ ...settings, ...variant.settings });
    const pids = processTree(worker.pid).flatMap(({ name, pid }) => (name === 'inference' ? [pid] : []));
    variant.arrange?.(pids);
    return { process: worker, pids };
  }

  async function accept(jobs: number): Promise<void> {
    const api = await startApi();
    await inSlices([...Array(jobs).keys()], ACCEPTED_AT_ONCE, async (index) => {
      const body = new FormData();
      body.set('employee_id', EMPLOYEE);
      body.set('image', new Blob([Uint8Array.from(photos[index % photos.length] as Buffer)]), 'photo.jpg');
      const request = { method: 'POST', headers: { prefer: 'respond-async' }, body };
      const { status } = await fetch(`${api.url}/v1/verifications`, request);
      if (status !== 202) throw new Error(`a job was not accepted (${status})`);
    });
    await api.stop();
  }

  return {
    redis,
    photoPaths,
    startApi,
    startWorker: start,
    async drain(jobs, variant) {
      await accept(jobs);
      const { process: worker, pids } = await start(variant);
      const look = () => {
        const figures = pids.flatMap((pid) => figuresOf(pid) ?? []);
        const sum = (field: 'cpuSeconds' | 'residentBytes') => figures.reduce((all, each) => all + each[field], 0);
        const done = worker.lines.filter(({ msg }) => msg === 'job').length;
        return { at: performance.now(), done, cpuSeconds: sum('cpuSeconds'), residentBytes: sum('residentBytes') };
      };
      const whenDone = (share: number) =>
        until(
          `${100 * share} % of the jobs have ended`,
          () => {
            const now = look();
            return now.done >= share * jobs ? now : undefined;
          },
          DRAIN_TIMEOUT_MS,
        );
      const from = await whenDone(FIRST_COUNTED);
      const to = await whenDone(LAST_COUNTED);
      await whenDone(1);
      await worker.stop();
      const done = to.done - from.done;
      return {
        perSecond: (1000 * done) / (to.at - from.at),
        cpuMs: (1000 * (to.cpuSeconds - from.cpuSeconds)) / done,
        residentMb: to.residentBytes / 1e6 / pids.length,
      };
    },
    async stop() {
      store.close();
      await redis.stop();
      folder.remove();
    },
  };
}

/** Lets a process and all its threads run on these cores only. What they start later inherits it. */
export function pin(pid: number, cores: string): void {
  execFileSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, `${pid}`], { stdio: 'ignore' });
}

/** Sets the niceness of a process and all its threads, which Linux keeps for each thread. */
export function renice(pid: number, niceness: number): void {
  for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), niceness);
}
