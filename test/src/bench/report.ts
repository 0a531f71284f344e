import type { Machine } from './machine.js';
import type { Point } from './point.js';
import type { StageTimes } from './profile.js';
import { median } from './statistics.js';

/** A point beside the bare pipeline measured before and after it. */
export interface ComparedPoint extends Point {
  /** Verifications per second of the bare pipeline, mean of before and after. */
  readonly bare: number;
  /** Of the bare pipeline's throughput. */
  readonly ratio: number;
}

/** The median of several rounds, and in which range the ratio was. */
export interface MedianPoint extends ComparedPoint {
  readonly ratios: readonly number[];
}

/** Processor time of one verification at one load. */
export interface StageReport {
  readonly clients: number;
  /** Milliseconds by stage, of the API and of the workers. */
  readonly api: StageTimes;
  readonly workers: StageTimes;
  /** Of processes that are not looked into: milliseconds by name. */
  readonly others: Readonly<Record<string, number>>;
}

export interface SystemReport {
  readonly name: string;
  /** In a sentence, and in a few words. */
  readonly title: string;
  readonly label: string;
  /** Seconds from the start of the program, on a fresh data folder, until the first photo was answered. */
  readonly firstAnswerSeconds: number;
  readonly points: readonly MedianPoint[];
  /** Bytes for one verification to and from S3. */
  readonly s3Bytes: number | undefined;
  readonly stages: StageReport | undefined;
}

export interface BareReport {
  readonly processes: number;
  /** Verifications at a time in each process. */
  readonly concurrency: number;
  /** Medians of all measurements. */
  readonly perSecond: number;
  readonly cpuMs: number;
  /** One process, one verification at a time: milliseconds. */
  readonly latencyMs: number;
  /** Milliseconds of processor time by stage. */
  readonly stages: StageTimes;
}

/** What a large photo costs beside a small one, in the bare pipeline. */
export interface PhotoSizeReport {
  readonly smallCpuMs: number;
  readonly largeCpuMs: number;
  readonly largeBytes: number;
  readonly ratio: number;
}

export interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  /** Undefined where it was not measured. */
  readonly met: boolean | undefined;
}

export interface BenchReport {
  readonly at: string;
  readonly machine: Machine;
  readonly seconds: number;
  readonly rounds: number;
  readonly bare: BareReport;
  readonly systems: readonly SystemReport[];
  readonly peers: readonly SystemReport[];
  /** Why the peer is not there, if it is not. */
  readonly peerMissing: string | undefined;
  readonly photoSizes: PhotoSizeReport;
  readonly targets: readonly Target[];
}

/** Of the same number of clients; errors are added up. */
export function medianPoint(points: readonly ComparedPoint[]): MedianPoint {
  const of = (value: (point: ComparedPoint) => number) => median(points.map(value));
  const byName = (record: (point: ComparedPoint) => Readonly<Record<string, number>>) => {
    const names = new Set(points.flatMap((point) => Object.keys(record(point))));
    return Object.fromEntries([...names].map((name) => [name, of((point) => record(point)[name] ?? 0)]));
  };
  const redisBytes = points.flatMap((point) => point.redisBytes ?? []);
  return {
    clients: points[0]?.clients ?? 0,
    perSecond: of(({ perSecond }) => perSecond),
    p50: of(({ p50 }) => p50),
    p95: of(({ p95 }) => p95),
    p99: of(({ p99 }) => p99),
    errors: points.reduce((sum, { errors }) => sum + errors, 0),
    cpuMs: byName(({ cpuMs }) => cpuMs),
    residentMb: byName(({ residentMb }) => residentMb),
    shareMb: byName(({ shareMb }) => shareMb),
    redisBytes: redisBytes.length > 0 ? median(redisBytes) : undefined,
    bare: of(({ bare }) => bare),
    ratio: of(({ ratio }) => ratio),
    ratios: points.map(({ ratio }) => ratio),
  };
}

export function pointAt(report: SystemReport | undefined, clients: number): MedianPoint | undefined {
  return report?.points.find((point) => point.clients === clients);
}
