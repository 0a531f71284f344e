import { type Finding, failed, ok, warning } from './check.js';

export interface RedisFacts {
  /** What INFO told. */
  readonly info: ReadonlyMap<string, string>;
  /** `appendfsync`, if it may be asked for. */
  readonly fsync: unknown;
  readonly place: string;
  /** How a person speaks to this Redis. */
  readonly cli: string;
}

/** Of the memory that Redis may take; above the second the API refuses requests (docs/operations.md). */
const [MUCH, TOO_MUCH] = [0.75, 0.9];

/** Deadlines go by Redis' clock, but logs, tokens and certificates by this machine's. */
const MAX_OFFSET_MS = 2_000;

/** Redis before 6.2 lacks commands that Rollcall and BullMQ use. */
export function isOldVersion(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return !(major > 6 || (major === 6 && minor >= 2));
}

/** What a Redis that answers is like. */
export function findingsOf(facts: RedisFacts): Finding[] {
  return [serverOf(facts), aofOf(facts), policyOf(facts), memoryOf(facts)];
}

function serverOf({ info, place, cli }: RedisFacts): Finding {
  const name = 'redis';
  const version = info.get('redis_version') ?? '';
  const seen = `${place}, version ${version}`;
  if (isOldVersion(version)) {
    return failed(name, `${seen}, older than 6.2`, 'Upgrade Redis: sudo apt-get install --only-upgrade redis-server');
  }
  if (info.get('redis_mode') === 'cluster') {
    return failed(name, `${seen}, a cluster`, 'Run one Redis that is no cluster: redis-server --appendonly yes');
  }
  if (info.get('role') === 'slave') {
    const mend = `Name the master in REDIS_URL, or the sentinels (redis+sentinel://…): ${cli} INFO replication`;
    return failed(name, `${seen}, a replica, which cannot be written`, mend);
  }
  return ok(name, seen);
}

function aofOf({ info, fsync, cli }: RedisFacts): Finding {
  const name = 'redis-aof';
  if (info.get('aof_enabled') !== '1') {
    const mend = `Turn it on, here and in redis.conf: ${cli} CONFIG SET appendonly yes`;
    return failed(name, 'the append-only file is off: a restart of Redis loses accepted jobs', mend);
  }
  const broken = ['aof_last_write_status', 'aof_last_bgrewrite_status'].find((field) => info.get(field) === 'err');
  if (broken) {
    const mend = "Make room on Redis' disk and look into its log: df -h";
    return failed(name, `Redis cannot write its append-only file (${broken}: err)`, mend);
  }
  if (fsync === 'no') {
    const mend = `Have it synced every second, here and in redis.conf: ${cli} CONFIG SET appendfsync everysec`;
    return warning(name, 'on, but never synced (appendfsync no)', mend);
  }
  return ok(name, typeof fsync === 'string' ? `on, appendfsync ${fsync}` : 'on');
}

function policyOf({ info, cli }: RedisFacts): Finding {
  const name = 'redis-policy';
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  if (policy === 'noeviction') return ok(name, 'maxmemory-policy noeviction');
  const mend = `Have nothing evicted, here and in redis.conf: ${cli} CONFIG SET maxmemory-policy noeviction`;
  return failed(name, `maxmemory-policy is ${policy}: when memory is short, jobs vanish`, mend);
}

function memoryOf({ info, cli }: RedisFacts): Finding {
  const name = 'redis-memory';
  const [used, limit] = ['used_memory', 'maxmemory'].map((field) => Number(info.get(field) ?? 0)) as [number, number];
  if (limit === 0) return ok(name, `${megabytes(used)} used, no limit (maxmemory)`);
  const seen = `${megabytes(used)} used of ${megabytes(limit)}`;
  const mend = `Raise maxmemory, here and in redis.conf: ${cli} CONFIG SET maxmemory 1gb`;
  if (used > TOO_MUCH * limit) return failed(name, `${seen}: requests are refused`, mend);
  return used > MUCH * limit ? warning(name, seen, mend) : ok(name, seen);
}

/** @param offset milliseconds by which Redis' clock is ahead of this machine's */
export function clockFinding(offset: number): Finding {
  const name = 'redis-clock';
  const seen = `Redis' clock is ${Math.abs(offset).toFixed(0)} ms ${offset < 0 ? 'behind' : 'ahead of'} this machine's`;
  if (Math.abs(offset) <= MAX_OFFSET_MS) return ok(name, seen);
  return warning(name, seen, 'Have both machines keep their clocks: sudo timedatectl set-ntp true');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
