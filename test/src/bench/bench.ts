import { join } from 'node:path';
import { temporaryFolder } from '../support/rollcall.js';
import { type BareMeasurement, type BarePipeline, startBarePipeline } from './bare.js';
import { startClosedLoop } from './closed-loop.js';
import { describeMachine } from './machine.js';
import { type BenchOptions, ROOT, type StoreName } from './options.js';
import { installPeer, PEER_KINDS, startPeer } from './peer/peer.js';
import { comparePhotoSizes } from './photo-sizes.js';
import { makePhotos } from './photos.js';
import { HEADING, pointLine } from './print.js';
import {
  type BenchReport,
  type ComparedPoint,
  medianPoint,
  pointAt,
  type StageReport,
  type SystemReport,
} from './report.js';
import { runSession, type Session } from './session.js';
import { CONCURRENCY, PROCESSES } from './stage.js';
import { scaledTo } from './stage-cpu.js';
import { BARE_ENVIRONMENT, openStagePass, type StageRound } from './stage-pass.js';
import { median, percentile } from './statistics.js';
import { type Subject, startRollcall } from './subject.js';
import { checkTargets } from './targets.js';

/** At how many clients processor time is told by stage, and at most how many the peer is asked by. */
const STAGE_CLIENTS = 64;
const PEER_MAX_CLIENTS = 64;

const STORES: Readonly<Record<StoreName, { readonly title: string; readonly label: string }>> = {
  filesystem: { title: 'Rollcall, embedded default (private Redis, photos in files)', label: 'Rollcall' },
  s3: { title: 'Rollcall with Redis and MinIO servers on the same cores', label: 'Rollcall with MinIO' },
};
const PEERS = [
  {
    name: 'peer',
    title: 'FastAPI + OpenCV 4 with the models as published, two workers',
    label: 'FastAPI + OpenCV 4',
    kind: PEER_KINDS.published,
  },
  {
    name: 'peer-opencv5',
    title: "FastAPI + OpenCV 5 with Rollcall's recogniser file, two workers",
    label: 'FastAPI + OpenCV 5',
    kind: PEER_KINDS.openCv5,
  },
  {
    name: 'peer-tuned',
    title:
      "FastAPI + OpenCV 5 with Rollcall's recogniser file, two workers, one thread each and networks behind a lock",
    label: 'FastAPI + OpenCV 5, tuned',
    kind: PEER_KINDS.tuned,
  },
] as const;

interface Contestant {
  readonly name: string;
  readonly title: string;
  readonly label: string;
  readonly clients: readonly number[];
  start(): Promise<Subject>;
}

type Say = (line: string) => void;

/** Everything in one run: each round goes through all systems, and beside each point the bare pipeline is measured. */
export async function runBench(options: BenchOptions, say: Say): Promise<BenchReport> {
  const { seconds, rounds } = options;
  const folder = temporaryFolder();
  const photos = await makePhotos(folder.path);
  const order = { photos, modelsDir: join(ROOT, 'models'), concurrency: CONCURRENCY };
  const bare = startBarePipeline(PROCESSES, order, BARE_ENVIRONMENT);
  const loop = startClosedLoop();
  await bare.measure(2);

  const peers = options.peer ? installPeers(say) : { installed: [], why: 'left out by --no-peer' };
  const contestants: Contestant[] = [
    ...options.stores.map((store) => ({
      name: store,
      ...STORES[store],
      clients: options.clients,
      start: () => startRollcall(store),
    })),
    ...peers.installed.map(({ kind, environment, ...peer }) => ({
      ...peer,
      clients: options.clients.filter((count) => count <= PEER_MAX_CLIENTS),
      start: () => startPeer(environment, kind),
    })),
  ];

  const stageClients = options.clients.includes(STAGE_CLIENTS) ? STAGE_CLIENTS : Math.max(...options.clients);
  const stageRounds = new Map<StoreName, StageRound>();
  for (const store of options.stores) {
    say(`processor time by stage: ${STORES[store].title}`);
    const pass = await openStagePass({
      store,
      loop,
      processes: PROCESSES,
      concurrency: CONCURRENCY,
      clients: stageClients,
    });
    stageRounds.set(store, await pass.round(seconds / 2, seconds));
    await pass.stop();
  }

  const sessions = new Map<string, (Session & { readonly firstAnswerSeconds: number })[]>();
  const bareRuns: BareMeasurement[] = [];
  const latencies: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const { name, title, clients, start } of contestants) {
      say(`\nround ${round} of ${rounds}: ${title}\n${HEADING}`);
      bareRuns.push(await bare.measure(seconds / 2));
      latencies.push(await measureLatency(bare, seconds / 2));
      const subject = await start();
      const { firstAnswerSeconds } = subject;
      const onPoint = (point: ComparedPoint) => say(pointLine(point));
      const session = await runSession({ subject, bare, loop, clients, seconds, onPoint });
      await subject.stop();
      sessions.set(name, [...(sessions.get(name) ?? []), { ...session, firstAnswerSeconds }]);
    }
  }
  say('\na 12-megapixel photo beside a small one');
  const photoSizes = await comparePhotoSizes(bare, rounds, seconds / 2);
  bare.stop();

  const reports = contestants.map((contestant) => summarise(contestant, sessions.get(contestant.name) ?? []));
  const bareCpuMs = median(bareRuns.map(({ cpuMs }) => cpuMs));
  const systems = options.stores.map((store) => {
    const report = reports.find(({ name }) => name === store) as SystemReport;
    return { ...report, stages: toUnprofiled(stageRounds.get(store) as StageRound, report, stageClients) };
  });
  loop.stop();
  folder.remove();

  const measured = {
    at: new Date().toISOString(),
    machine: describeMachine(),
    seconds,
    rounds,
    bare: {
      processes: PROCESSES,
      concurrency: CONCURRENCY,
      perSecond: median(bareRuns.map(({ perSecond }) => perSecond)),
      cpuMs: bareCpuMs,
      latencyMs: median(latencies),
      stages: scaledTo((stageRounds.values().next().value as StageRound).bare, bareCpuMs),
    },
    systems,
    peers: reports.filter(({ name }) => PEERS.some((known) => known.name === name)),
    peerMissing: peers.why,
    photoSizes,
  };
  return { ...measured, targets: checkTargets(measured) };
}

/** The median of one verification at a time in one process. */
async function measureLatency(bare: BarePipeline, seconds: number): Promise<number> {
  const { latencies } = await bare.measure(seconds, { processes: 1, concurrency: 1 });
  return percentile(latencies, 0.5) ?? Number.NaN;
}

type InstalledPeer = (typeof PEERS)[number] & { readonly environment: string };

function installPeers(say: Say): { installed: InstalledPeer[]; why: string | undefined } {
  try {
    say('setting up the peers');
    return { installed: PEERS.map((peer) => ({ ...peer, environment: installPeer(peer.kind) })), why: undefined };
  } catch (error) {
    return { installed: [], why: `could not be installed: ${error instanceof Error ? error.message : error}` };
  }
}

function summarise(
  { name, title, label }: Contestant,
  sessions: readonly (Session & { readonly firstAnswerSeconds: number })[],
): SystemReport {
  const [first] = sessions;
  const s3Bytes = sessions.flatMap((session) => session.s3Bytes ?? []);
  return {
    name,
    title,
    label,
    firstAnswerSeconds: median(sessions.map(({ firstAnswerSeconds }) => firstAnswerSeconds)),
    points: (first?.points ?? []).map((_, index) => medianPoint(sessions.flatMap(({ points }) => points[index] ?? []))),
    s3Bytes: s3Bytes.length > 0 ? median(s3Bytes) : undefined,
    stages: undefined,
  };
}

/** Shares are taken from the profiled run, totals from the run that nothing was watching. */
function toUnprofiled(round: StageRound, report: SystemReport, clients: number): StageReport {
  const { API = 0, workers = 0, 'bare pipeline': _bare, ...others } = pointAt(report, clients)?.cpuMs ?? {};
  return { clients, api: scaledTo(round.api, API), workers: scaledTo(round.workers, workers), others };
}
