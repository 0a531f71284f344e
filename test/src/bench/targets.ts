import type { BenchReport, SystemReport, Target } from './report.js';
import { pointAt } from './report.js';

type Measured = Omit<BenchReport, 'targets'>;

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
const mb = (value: number) => `${value.toFixed(0)} MB`;
const times = (value: number) => `${value.toFixed(2)} ×`;

/** What is wanted of the system on two cores, everything on one machine, client included. */
export function checkTargets(report: Measured): Target[] {
  const embedded = report.systems.find(({ name }) => name === 'filesystem');
  const s3 = report.systems.find(({ name }) => name === 's3');
  const { latencyMs } = report.bare;
  return [
    atLeast('Share of the bare pipeline at 64 clients, embedded default', 0.8, pointAt(embedded, 64)?.ratio, percent),
    atLeast(
      'Share of the bare pipeline at 1,000 clients, embedded default',
      0.8,
      pointAt(embedded, 1000)?.ratio,
      percent,
    ),
    atLeast('Share of the bare pipeline at 64 clients, Redis and MinIO', 0.7, pointAt(s3, 64)?.ratio, percent),
    atLeast('Share of the bare pipeline at 1,000 clients, Redis and MinIO', 0.7, pointAt(s3, 1000)?.ratio, percent),
    atMost(
      `Median latency of one idle client, of the bare pipeline's ${latencyMs.toFixed(1)} ms`,
      1.6,
      over(pointAt(embedded, 1)?.p50, latencyMs),
      times,
    ),
    ...report.peers.flatMap((peer) => [
      atLeast(`Throughput at 8 clients, of ${peer.label}`, 2.5, overPeer(embedded, peer, 8), times),
      atLeast(`Throughput at 64 clients, of ${peer.label}`, 10, overPeer(embedded, peer, 64), times),
    ]),
    atMost('API, resident, up to 64 clients', 200, highest(embedded, 'API', 64), mb),
    atMost('API, resident, at any load', 200, highest(embedded, 'API'), mb),
    atMost('A worker process, resident, at any load', 260, highest(embedded, 'workers'), mb),
    atMost('Cold start to the first answer', 5, embedded?.firstAnswerSeconds, (seconds) => `${seconds.toFixed(1)} s`),
    atMost('A 12-megapixel phone photo, of the cost of a 640×480 one', 3, report.photoSizes.ratio, times),
    {
      what: 'Nobody answered with an error by Rollcall',
      wanted: '0',
      measured: `${errorsOf(report.systems)}`,
      met: errorsOf(report.systems) === 0,
    },
  ];
}

type Show = (value: number) => string;

function atLeast(what: string, wanted: number, value: number | undefined, show: Show): Target {
  return { what, wanted: `≥ ${show(wanted)}`, ...judge(value, show, (measured) => measured >= wanted) };
}

function atMost(what: string, wanted: number, value: number | undefined, show: Show): Target {
  return { what, wanted: `≤ ${show(wanted)}`, ...judge(value, show, (measured) => measured <= wanted) };
}

function judge(value: number | undefined, show: Show, meets: (value: number) => boolean) {
  if (value === undefined) return { measured: 'not measured', met: undefined };
  return { measured: show(value), met: meets(value) };
}

function over(value: number | undefined, base: number | undefined): number | undefined {
  return value === undefined || base === undefined ? undefined : value / base;
}

function overPeer(system: SystemReport | undefined, peer: SystemReport | undefined, clients: number) {
  return over(pointAt(system, clients)?.perSecond, pointAt(peer, clients)?.perSecond);
}

/** Megabytes at most, of any process of the name. */
function highest(system: SystemReport | undefined, name: string, clients = Number.POSITIVE_INFINITY) {
  const points = system?.points.filter((point) => point.clients <= clients) ?? [];
  return points.length > 0 ? Math.max(...points.map(({ residentMb }) => residentMb[name] ?? 0)) : undefined;
}

function errorsOf(systems: readonly SystemReport[]): number {
  return systems.flatMap(({ points }) => points).reduce((sum, { errors }) => sum + errors, 0);
}
