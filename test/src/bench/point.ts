import type { ClosedLoop, ClosedLoopOrder } from './closed-loop.js';
import { readUsage, type UsageByProcess } from './meters.js';
import { percentile } from './statistics.js';
import type { Subject } from './subject.js';

/** One measurement of a system with so many clients. */
export interface Point {
  readonly clients: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly errors: number;
  /** Milliseconds of processor time for one verification, by process. */
  readonly cpuMs: Readonly<Record<string, number>>;
  /** Megabytes (10^6 bytes), resident, of the largest process of a name. */
  readonly residentMb: Readonly<Record<string, number>>;
  /** The same where what is shared with other processes counts in part (proportional set size). */
  readonly shareMb: Readonly<Record<string, number>>;
  /** Bytes for one verification to and from Redis. */
  readonly redisBytes: number | undefined;
}

export interface PointOptions {
  readonly loop: ClosedLoop;
  readonly order: ClosedLoopOrder;
  readonly subject: Pick<Subject, 'redisBytes'>;
  /** Processes that cannot be told by their command line. */
  readonly names: ReadonlyMap<number, string>;
  /** Begins something when measuring begins, and returns how to end it. */
  readonly meanwhile?: () => () => Promise<void>;
}

/** Loads the system and takes the difference of every counter between the beginning and the end of what is counted. */
export async function measurePoint(options: PointOptions): Promise<{ point: Point; sent: number; done: number }> {
  const { loop, order, subject, names, meanwhile } = options;
  let finish: (() => Promise<void>) | undefined;
  let before: { usage: UsageByProcess; redisBytes: number | undefined } = { usage: {}, redisBytes: undefined };
  let after = before;
  const { latencies, errors, sent } = await loop.run(order, {
    async begin() {
      finish = meanwhile?.();
      before = { redisBytes: await subject.redisBytes?.(), usage: readUsage(names) };
    },
    async end() {
      const usage = readUsage(names);
      after = { usage, redisBytes: await subject.redisBytes?.() };
      await finish?.();
    },
  });
  const done = latencies.length;
  const each = (total: number) => total / Math.max(1, done);
  const point: Point = {
    clients: order.clients,
    perSecond: done / order.seconds,
    p50: percentile(latencies, 0.5) ?? Number.NaN,
    p95: percentile(latencies, 0.95) ?? Number.NaN,
    p99: percentile(latencies, 0.99) ?? Number.NaN,
    errors,
    cpuMs: mapValues(after.usage, (usage, name) =>
      each(1000 * (usage.cpuSeconds - (before.usage[name]?.cpuSeconds ?? 0))),
    ),
    residentMb: mapValues(after.usage, ({ residentBytes }) => residentBytes / 1e6),
    shareMb: mapValues(after.usage, ({ shareBytes }) => shareBytes / 1e6),
    redisBytes:
      before.redisBytes === undefined || after.redisBytes === undefined
        ? undefined
        : each(after.redisBytes - before.redisBytes),
  };
  return { point, sent, done };
}

function mapValues<T>(record: Readonly<Record<string, T>>, map: (value: T, name: string) => number) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}
