import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { employeePrefix } from '@rollcall/contracts';
import { createBlobStore } from '@rollcall/platform';
import { form, photo, post } from '../support/client.js';
import { startRedis } from '../support/redis.js';
import { startSystem, startWorker, temporaryFolder } from '../support/rollcall.js';
import type { FloodOrder, FloodReport } from './flood-process.js';

export type Flood = Omit<FloodOrder, 'url'>;

export interface MemoryReport {
  /** What became of the attackers' uploads. */
  readonly attackers: FloodReport;
  /** Of the API process: before the flood and at most, in bytes. */
  readonly residentBefore: number;
  readonly residentPeak: number;
  /** Verifications of somebody at a gate meanwhile, and how many of them were right. */
  readonly verifications: number;
  readonly verified: number;
  /** Of those verifications, sorted, in milliseconds. */
  readonly latencies: readonly number[];
  readonly seconds: number;
}

const EMPLOYEE = '1001';
/** As a camera writes them; large enough to need a share of the memory for uploads. */
const PHOTO_BYTES = 200_000;
const PAUSE_MS = 100;

/** Floods an API of its own, with default limits, while somebody is verified again and again. */
export async function floodMemory(
  flood: Flood,
  settings: Readonly<Record<string, string>> = {},
): Promise<MemoryReport> {
  const folder = temporaryFolder();
  const redis = await startRedis();
  const all = {
    DATA_DIR: folder.path,
    REDIS_URL: redis.url,
    WORKER_PROCESSES: '1',
    SYNC_TIMEOUT_MS: '60000',
    ...settings,
  };
  const store = createBlobStore({ s3: undefined, dataDir: folder.path });
  await store.put(`${employeePrefix(EMPLOYEE)}face_1.jpg`, await photo('person_a_1.jpg'));
  const image = await paddedPhoto();
  const [api, worker] = await Promise.all([startSystem('api', all), startWorker(all)]);
  const attackers = fork(fileURLToPath(new URL('../../dist/attack/flood-process.js', import.meta.url)));

  const verify = async () => {
    const startedAt = performance.now();
    const verified = await post(`${api.url}/v1/verifications`, form(EMPLOYEE, image)).then(
      ({ body }) => body.verified === true,
      () => false,
    );
    return { verified, ms: performance.now() - startedAt };
  };

  try {
    // Also makes the embedding.
    await verify();
    const residentBefore = statusOf(api.pid, 'VmRSS');
    const startedAt = performance.now();
    let report: FloodReport | undefined;
    const ended = once(attackers, 'message').then(([message]) => {
      report = message as FloodReport;
    });
    attackers.send({ ...flood, url: api.url } satisfies FloodOrder);
    const verifications: Awaited<ReturnType<typeof verify>>[] = [];
    while (report === undefined) {
      verifications.push(await verify());
      await Promise.race([sleep(PAUSE_MS), ended]);
    }
    return {
      attackers: report,
      residentBefore,
      residentPeak: statusOf(api.pid, 'VmHWM'),
      verifications: verifications.length,
      verified: verifications.filter(({ verified }) => verified).length,
      latencies: verifications.map(({ ms }) => ms).sort((a, b) => a - b),
      seconds: (performance.now() - startedAt) / 1000,
    };
  } finally {
    attackers.kill();
    await Promise.all([api.stop(), worker.stop()]);
    await redis.stop();
    folder.remove();
  }
}

/** A portrait; what follows the end of a JPEG is not looked at. */
async function paddedPhoto(): Promise<Buffer> {
  const portrait = await photo('person_a_2.jpg');
  return Buffer.concat([portrait, Buffer.alloc(Math.max(0, PHOTO_BYTES - portrait.length))]);
}

/** Bytes that the kernel tells of a process: `VmRSS` now, `VmHWM` at most so far. */
function statusOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const [, kilobytes] =
    new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
