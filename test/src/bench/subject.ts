import { readFile } from 'node:fs/promises';
import { form, post } from '../support/client.js';
import { processTree } from '../support/processes.js';
import { readRedisBytes, readS3Bytes } from './meters.js';
import type { StoreName } from './options.js';
import { EMPLOYEE, openBenchStage } from './stage.js';

/** A running system that is measured. */
export interface Subject {
  readonly url: string;
  readonly photos: readonly string[];
  /** Seconds from its start until the first photo was answered with 200. */
  readonly firstAnswerSeconds: number;
  /** Bytes so far between it and Redis. */
  redisBytes?(): Promise<number>;
  /** Bytes so far between it and S3, as they were at most 10 s ago: MinIO counts no oftener. */
  s3Bytes?(): Promise<number>;
  /** Resolves when what was asked last has been carried out. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

/** Its API and its workers can be profiled. */
export interface RollcallSubject extends Subject {
  pidsOf(name: 'api' | 'inference'): number[];
}

export const PATH = '/recognize_face';

/** The deadline of a synchronous request, so that in a closed loop nobody is turned away: throughput is what is measured. */
const SETTINGS = { SYNC_TIMEOUT_MS: '60000' };

/** Rollcall on a fresh data folder. */
export async function startRollcall(
  store: StoreName,
  environment: Readonly<Record<string, string>> = {},
): Promise<RollcallSubject> {
  const isS3 = store === 's3';
  const stage = await openBenchStage({ s3: isS3, redisServer: isS3, settings: { ...SETTINGS, ...environment } });
  const askedAt = performance.now();
  await firstAnswer(stage.system.url, stage.photoPaths);
  const firstAnswerSeconds = stage.startSeconds + (performance.now() - askedAt) / 1000;
  const redis = stage.connectRedis();
  const { minio } = stage;
  return {
    url: stage.system.url,
    photos: stage.photoPaths,
    firstAnswerSeconds,
    redisBytes: () => readRedisBytes(redis),
    ...(minio && { s3Bytes: () => readS3Bytes(minio) }),
    idle: stage.idle,
    pidsOf: (name) => processTree(stage.system.pid).flatMap((process) => (process.name === name ? [process.pid] : [])),
    async stop() {
      redis.disconnect();
      await stage.stop();
    },
  };
}

/** @throws {Error} when it is not a match. */
export async function firstAnswer(url: string, photos: readonly string[]): Promise<void> {
  const [photo = ''] = photos;
  const { status } = await post(`${url}${PATH}`, form(EMPLOYEE, await readFile(photo)));
  if (status !== 200) throw new Error(`the benchmark's photo was answered with ${status}`);
}
