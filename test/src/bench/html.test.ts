import { expect, it } from 'vitest';
import { renderHtml } from './html.js';
import { zeroes } from './profile.js';
import { type BenchReport, type ComparedPoint, medianPoint, type SystemReport } from './report.js';
import { checkTargets } from './targets.js';

function point(clients: number, perSecond: number, ratio: number): ComparedPoint {
  return {
    clients,
    perSecond,
    p50: 10,
    p95: 20,
    p99: 30,
    errors: 0,
    cpuMs: { API: 3, workers: 25, 'bare pipeline': 0 },
    residentMb: { API: 150, workers: 240 },
    shareMb: { API: 100, workers: 180 },
    redisBytes: 5000,
    bare: perSecond / ratio,
    ratio,
  };
}

function system(name: string, title: string, points: readonly ComparedPoint[]): SystemReport {
  return {
    name,
    title,
    label: title,
    firstAnswerSeconds: 2.5,
    points: points.map((one) => medianPoint([one])),
    s3Bytes: undefined,
    stages: { clients: 64, api: { ...zeroes(), queue: 3 }, workers: { ...zeroes(), embed: 25 }, others: { Redis: 1 } },
  };
}

function report(changes: Partial<BenchReport> = {}): BenchReport {
  const measured = {
    at: '2026-01-02T03:04:05.000Z',
    machine: { processor: 'Some <CPU>', cores: 2, memoryGb: 8, node: 'v20.0.0' },
    seconds: 8,
    rounds: 1,
    bare: { processes: 2, concurrency: 3, perSecond: 80, cpuMs: 25, latencyMs: 24, stages: { ...zeroes(), embed: 25 } },
    systems: [system('filesystem', 'Rollcall', [point(1, 30, 0.4), point(64, 60, 0.75), point(1000, 66, 0.82)])],
    peers: [system('peer', 'FastAPI & OpenCV', [point(8, 20, 0.25), point(64, 6, 0.08)])],
    peerMissing: undefined,
    photoSizes: { smallCpuMs: 20, largeCpuMs: 70, largeBytes: 4e6, ratio: 3.5 },
    ...changes,
  };
  return { ...measured, targets: checkTargets(measured) };
}

it('is a page that needs nothing from elsewhere and says nothing as markup that was measured', () => {
  const html = renderHtml(report());
  expect(html).not.toMatch(/<(script|link|img|iframe)\b|\b(src|href)=|url\(|@import|https?:/);
  expect(html).toContain('Some &lt;CPU&gt;');
  expect(html).not.toContain('Some <CPU>');
  expect(html.match(/<svg /g)).toHaveLength(4);
  expect(html.match(/NaN|undefined/)).toBeNull();
});

it('judges every target by what was measured, and says where nothing was', () => {
  const verdicts = Object.fromEntries(report().targets.map(({ what, met }) => [what.replace(/,.*ms$/, ''), met]));
  expect(verdicts).toMatchObject({
    'Share of the bare pipeline at 64 clients, embedded default': false,
    'Share of the bare pipeline at 1,000 clients, embedded default': true,
    'Share of the bare pipeline at 64 clients, Redis and MinIO': undefined,
    'Median latency of one idle client': true,
    'Throughput at 64 clients, of FastAPI & OpenCV': true,
    'API, resident, at any load': true,
    'A 12-megapixel phone photo, of the cost of a 640×480 one': false,
  });
});
