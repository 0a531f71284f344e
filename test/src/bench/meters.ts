import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Redis } from 'ioredis';
import { processTree } from '../support/processes.js';

/** What processes of one name have used, all together, and what each holds. */
export interface Usage {
  /** Seconds of processor time. */
  readonly cpuSeconds: number;
  /** Resident bytes of the largest of them. */
  readonly residentBytes: number;
  /** Proportional share of the largest of them: what is shared with others counts in part. */
  readonly shareBytes: number;
}

export type UsageByProcess = Readonly<Record<string, Usage>>;

/** Of a process, by what the kernel knows of it, as reports call it. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^api$/, 'API'],
  [/^inference$/, 'workers'],
  [/^redis$/, 'Redis'],
  [/minio$/, 'MinIO'],
  [/^(start|worker)$/, 'supervisors'],
  [/python[\d.]*$/, 'peer'],
];

/**
 * What this process's descendants have used since they began, by the kernel's accounting.
 *
 * @param names of processes whose command line does not tell what they are.
 */
export function readUsage(names: ReadonlyMap<number, string>): UsageByProcess {
  const usage: Record<string, Usage> = {};
  for (const { pid, name, cpuSeconds, residentBytes } of processTree(process.pid)) {
    if (pid === process.pid) continue;
    const known = names.get(pid) ?? NAMES.find(([pattern]) => pattern.test(name))?.[1] ?? basename(name);
    const others = usage[known] ?? { cpuSeconds: 0, residentBytes: 0, shareBytes: 0 };
    usage[known] = {
      cpuSeconds: others.cpuSeconds + cpuSeconds,
      residentBytes: Math.max(others.residentBytes, residentBytes),
      shareBytes: Math.max(others.shareBytes, shareOf(pid)),
    };
  }
  return usage;
}

/** Proportional set size in bytes; 0 where the kernel does not tell. */
function shareOf(pid: number): number {
  try {
    const [, kilobytes = 0] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')) ?? [];
    return 1024 * Number(kilobytes);
  } catch {
    return 0;
  }
}

/** Bytes that Redis has received and sent so far, by its own counters. */
export async function readRedisBytes(redis: Redis): Promise<number> {
  const info = await redis.info('stats');
  const count = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return count('total_net_input_bytes') + count('total_net_output_bytes');
}

export interface S3Server {
  readonly endPoint: string;
  readonly port: number;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Bytes that MinIO has received and sent in S3 requests, by its own counters. It takes them anew every 10 s at most. */
export async function readS3Bytes({ endPoint, port, accessKey, secretKey }: S3Server): Promise<number> {
  const token = signToken({ sub: accessKey, iss: 'prometheus', exp: Math.floor(Date.now() / 1000) + 60 }, secretKey);
  const response = await fetch(`http://${endPoint}:${port}/minio/v2/metrics/cluster`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!response.ok) throw new Error(`MinIO's metrics: ${response.status}`);
  const text = await response.text();
  const counters = text.matchAll(/^minio_s3_traffic_(?:received|sent)_bytes(?:\{[^}]*\})? (\S+)$/gm);
  return [...counters].reduce((sum, [, value]) => sum + Number(value), 0);
}

/** A JSON web token (RFC 7519) signed with HMAC SHA-512, as MinIO expects it. */
function signToken(claims: object, key: string): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const content = `${encode({ alg: 'HS512', typ: 'JWT' })}.${encode(claims)}`;
  return `${content}.${createHmac('sha512', key).update(content).digest('base64url')}`;
}
