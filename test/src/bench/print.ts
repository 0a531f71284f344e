import { percent } from '../support/text.js';
import type { BenchReport, ComparedPoint, StageReport, SystemReport } from './report.js';
import { addStages, totalOf } from './stage-cpu.js';
import { STAGES } from './stage-rules.js';
import { median } from './statistics.js';

const WIDTH = 10;
const NAME_WIDTH = 22;
/** Less is what was rounded away. */
const USED_MS = 0.005;

export const HEADING = row(['clients', 'per s', 'bare per s', 'ratio', 'p50 ms', 'p95 ms', 'p99 ms', 'errors']);

export function pointLine({ clients, perSecond, bare, ratio, p50, p95, p99, errors }: ComparedPoint): string {
  const cells = [`${clients}`, perSecond.toFixed(1), bare.toFixed(1), percent(ratio)];
  return row([...cells, ...[p50, p95, p99].map((ms) => ms.toFixed(0)), `${errors}`]);
}

/** The whole report as text. */
export function describe(report: BenchReport): string {
  const { machine, bare, systems, peers, peerMissing, photoSizes, targets, seconds, rounds } = report;
  const { processor, cores, memoryGb, node } = machine;
  return [
    `${processor}, ${cores} cores, ${memoryGb} GiB, Node ${node}; ${seconds} s a point, medians of ${rounds} rounds`,
    '',
    `bare pipeline: ${bare.perSecond.toFixed(1)}/s with ${bare.processes} processes, ${bare.cpuMs.toFixed(1)} ms of CPU each, ` +
      `p50 ${bare.latencyMs.toFixed(1)} ms one at a time`,
    ...[...systems, ...peers].flatMap(describeSystem),
    ...(peerMissing === undefined ? [] : ['', `FastAPI + OpenCV ${peerMissing}`]),
    ...systems.flatMap(({ title, stages }) => (stages ? describeStages(title, stages, report) : [])),
    '',
    `12-megapixel photo (${(photoSizes.largeBytes / 1e6).toFixed(1)} MB): ${photoSizes.largeCpuMs.toFixed(1)} ms of CPU, ` +
      `640×480: ${photoSizes.smallCpuMs.toFixed(1)} ms, ratio ${photoSizes.ratio.toFixed(2)}`,
    '',
    'targets',
    ...targets.map(
      ({ what, wanted, measured, met }) =>
        `${met === undefined ? '  -   ' : met ? '  met ' : 'MISSED'} ${what}: ${measured} (${wanted})`,
    ),
  ].join('\n');
}

function describeSystem({ title, points, firstAnswerSeconds, s3Bytes }: SystemReport): string[] {
  const names = processNames(points);
  return [
    '',
    title,
    HEADING,
    ...points.map(pointLine),
    'CPU, ms a verification',
    row(['clients', ...names, 'sum']),
    ...points.map(({ clients, cpuMs }) => {
      const values = names.map((name) => cpuMs[name] ?? 0);
      return row([`${clients}`, ...[...values, values.reduce((sum, ms) => sum + ms, 0)].map((ms) => ms.toFixed(2))]);
    }),
    'memory, resident MB of the largest process, (proportional share)',
    row(['clients', ...names]),
    ...points.map(({ clients, residentMb, shareMb }) =>
      row([
        `${clients}`,
        ...names.map((name) => `${(residentMb[name] ?? 0).toFixed(0)} (${(shareMb[name] ?? 0).toFixed(0)})`),
      ]),
    ),
    ...describeBytes(points, s3Bytes),
    `first answer ${firstAnswerSeconds.toFixed(1)} s after the start`,
  ];
}

function describeBytes(points: SystemReport['points'], s3Bytes: number | undefined): string[] {
  const redis = points.flatMap(({ redisBytes }) => redisBytes ?? []);
  const parts = [
    ...(redis.length > 0 ? [`Redis ${kilobytes(median(redis))}`] : []),
    ...(s3Bytes === undefined ? [] : [`S3 ${kilobytes(s3Bytes)}`]),
  ];
  return parts.length > 0 ? [`bytes a verification, both ways: ${parts.join(', ')}`] : [];
}

function describeStages(
  title: string,
  { clients, api, workers, others }: StageReport,
  { bare }: BenchReport,
): string[] {
  const sum = addStages(api, workers);
  const cells = (name: string, values: readonly number[], share: number) =>
    name.padEnd(NAME_WIDTH) + row([...values.map((ms) => ms.toFixed(2)), percent(share)]);
  const otherSum = Object.values(others).reduce((total, ms) => total + ms, 0);
  return [
    '',
    `${title}: CPU by stage at ${clients} clients, ms a verification, and share of the bare pipeline's ${bare.cpuMs.toFixed(1)} ms`,
    ''.padEnd(NAME_WIDTH) + row(['API', 'workers', 'sum', 'bare', 'of bare']),
    ...STAGES.map((stage) =>
      cells(stage, [api[stage], workers[stage], sum[stage], bare.stages[stage]], sum[stage] / bare.cpuMs),
    ),
    ...Object.entries(others).map(([name, ms]) => cells(`(${name})`, [0, 0, ms, 0], ms / bare.cpuMs)),
    cells(
      'everything',
      [totalOf(api), totalOf(workers), totalOf(sum) + otherSum, bare.cpuMs],
      (totalOf(sum) + otherSum) / bare.cpuMs,
    ),
  ];
}

const PROCESS_ORDER = ['workers', 'API', 'Redis', 'MinIO', 'supervisors', 'peer', 'load generator'];

/** Of those that did something, in the order in which reports show them. */
export function processNames(points: SystemReport['points']): string[] {
  return PROCESS_ORDER.filter((name) => Math.max(...points.map(({ cpuMs }) => cpuMs[name] ?? 0)) > USED_MS);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

function row(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(Math.max(WIDTH, cell.length + 2))).join('');
}
