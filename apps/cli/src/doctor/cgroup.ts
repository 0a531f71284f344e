import { readFile } from 'node:fs/promises';

const ROOT = '/sys/fs/cgroup';

/**
 * How many cores' worth of processor time this process's control group may use (`docker run --cpus`, systemd's CPUQuota);
 * undefined without a limit. Node does not count it.
 */
export async function cpuQuota(): Promise<number | undefined> {
  const groups = (await read('/proc/self/cgroup')).split('\n').map((line) => line.split(':'));
  const unified = groups.find(([id]) => id === '0')?.[2] ?? '';
  const legacy = groups.find(([, controllers]) => controllers?.split(',').includes('cpu'))?.[2] ?? '';
  // In a container the path is the host's, and the limit is at the root.
  const quotas = await Promise.all([
    ...[unified, ''].map((path) => quotaOf(`${ROOT}${path}/cpu.max`)),
    ...[legacy, ''].map((path) => legacyQuotaOf(`${ROOT}/cpu${path}`)),
  ]);
  const limits = quotas.filter((quota) => quota !== undefined && quota > 0) as number[];
  return limits.length > 0 ? Math.min(...limits) : undefined;
}

/** `max 100000`, or `150000 100000`. */
async function quotaOf(file: string): Promise<number | undefined> {
  const [quota, period] = (await read(file)).split(/\s+/).map(Number);
  return quota && period ? quota / period : undefined;
}

async function legacyQuotaOf(folder: string): Promise<number | undefined> {
  const [quota, period] = await Promise.all(['quota', 'period'].map((what) => read(`${folder}/cpu.cfs_${what}_us`)));
  return Number(quota) > 0 && Number(period) > 0 ? Number(quota) / Number(period) : undefined;
}

async function read(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch(() => '');
}
