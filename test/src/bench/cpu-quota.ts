import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/until.js';

const PERIOD_US = 100_000;
const V1 = '/sys/fs/cgroup/cpu';
const V2 = '/sys/fs/cgroup';

/**
 * Makes a control group that may use so many cores' worth of processor time, as `docker run --cpus` does. Needs root.
 *
 * @param use is told how to put processes, with all their threads, into the group.
 */
export async function withCpuQuota<T>(
  cores: number,
  use: (confine: (pids: readonly number[]) => void) => Promise<T>,
): Promise<T> {
  const isV1 = existsSync(join(V1, 'cpu.cfs_quota_us'));
  const group = join(isV1 ? V1 : V2, `rollcall-bench-${process.pid}`);
  mkdirSync(group);
  try {
    if (isV1) {
      writeFileSync(join(group, 'cpu.cfs_period_us'), `${PERIOD_US}`);
      writeFileSync(join(group, 'cpu.cfs_quota_us'), `${cores * PERIOD_US}`);
    } else {
      writeFileSync(join(group, 'cpu.max'), `${cores * PERIOD_US} ${PERIOD_US}`);
    }
    return await use((pids) => {
      for (const pid of pids) writeFileSync(join(group, 'cgroup.procs'), `${pid}`);
    });
  } finally {
    // A process that has just ended may still be counted.
    await until('the group is empty', () =>
      readFileSync(join(group, 'cgroup.procs'), 'utf8') === '' ? true : undefined,
    );
    rmdirSync(group);
  }
}
