import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBarePipeline } from '../bench/bare.js';
import { startLoadGenerator } from '../bench/load-generator.js';
import type { LoadOrder, Sample } from '../bench/load-process.js';
import { EMPLOYEE, openBenchStage } from '../bench/stage.js';
import { percentile } from '../bench/statistics.js';
import { type Costs, ROOT, scaleCosts } from './costs.js';
import { type Load, simulate } from './simulate.js';
import { DEFAULT_SITE, type SiteOptions } from './site.js';

/** What was measured, and what the simulation says of the same. */
export interface Comparison {
  readonly workers: number;
  readonly load: string;
  readonly rows: readonly { readonly what: string; readonly measured: number; readonly simulated: number }[];
}

export interface Validation {
  readonly comparisons: readonly Comparison[];
  /** How fast the machine was, beside when the costs were measured. */
  readonly pace: number;
}

const CLIENTS = [1, 4, 16, 64];
const SECONDS = 5;
const PACE_SECONDS = 2.5;
const WARM_UP_SECONDS = 3;
/** The burst: so many times what the simulation says that the workers can do, for so long. */
const BURST_FACTOR = 3;
const BURST_SECONDS = 3;

interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/**
 * The real system with so many worker processes beside the simulation of it, everything on this machine. The bare pipeline in
 * one process, before and after, tells how fast the machine is now beside when the costs were measured; all costs are scaled by that.
 */
export async function validate(workers: number, costs: Costs, seed: number): Promise<Validation> {
  const site: SiteOptions = {
    ...DEFAULT_SITE,
    workers,
    store: 'filesystem',
    networkMs: 0,
    oneMachineCores: availableParallelism(),
  };
  const stage = await openBenchStage({ s3: false, settings: { WORKER_PROCESSES: `${workers}` } });
  const { photoPaths } = stage;
  const order = { photos: photoPaths, modelsDir: join(ROOT, 'models'), concurrency: 1 };
  const bare = startBarePipeline(1, order);
  const generator = startLoadGenerator();
  const requests = photoPaths.map((photoPath) => ({
    path: '/v1/verifications',
    form: { employeeId: EMPLOYEE, photoPath },
  }));
  const offer = (arrivals: LoadOrder['arrivals'], seconds: number) =>
    generator.run({ url: stage.system.url, seconds, arrivals, requests });
  const pace = async () => (await bare.measure(PACE_SECONDS)).perSecond / costs.barePerSecond;
  try {
    await offer({ clients: 8 }, WARM_UP_SECONDS);
    await bare.measure(1);
    const before = await pace();
    const closed: Load = { kind: 'closed', clients: 64, warmUpMs: 2000, measuredMs: 20_000 };
    const { perSecond: capacity } = simulate({ site, load: closed, seed }, scaleCosts(costs, before));
    const points: readonly LoadOrder['arrivals'][] = [
      ...CLIENTS.map((clients) => ({ clients })),
      { perSecond: BURST_FACTOR * capacity },
    ];
    const measured: { readonly load: string; readonly figures: Figures; readonly simulated: Load }[] = [];
    for (const arrivals of points) {
      await stage.idle();
      await sleep(300);
      const seconds = 'clients' in arrivals ? SECONDS : BURST_SECONDS;
      const { samples } = await offer(arrivals, seconds);
      const [figures, simulated] = 'clients' in arrivals ? closedLoop(arrivals.clients, samples) : burst(samples);
      measured.push({ load: nameOf(arrivals), figures, simulated });
    }
    await stage.idle();
    const scaled = scaleCosts(costs, (before + (await pace())) / 2);
    return {
      pace: scaled.barePerSecond / costs.barePerSecond,
      comparisons: measured.map(({ load, figures, simulated }) => ({
        workers,
        load,
        rows: compare(figures, simulatedFigures(simulated, site, scaled, seed)),
      })),
    };
  } finally {
    bare.stop();
    generator.stop();
    await stage.stop();
  }
}

function simulatedFigures(load: Load, site: SiteOptions, costs: Costs, seed: number): Figures {
  const { answerMs, elapsedMs } = simulate({ site, load, seed }, costs);
  const at = (share: number) => answerMs.percentile(share) ?? Number.NaN;
  return { perSecond: (answerMs.count * 1000) / elapsedMs, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function figuresOf(samples: readonly Sample[], elapsedMs: number): Figures {
  const ms = samples.map((sample) => sample.ms);
  const at = (share: number) => percentile(ms, share) ?? Number.NaN;
  return { perSecond: (ms.length * 1000) / elapsedMs, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function compare(measured: Figures, simulated: Figures): Comparison['rows'] {
  return (['perSecond', 'p50', 'p95', 'p99'] as const).map((what) => ({
    what,
    measured: measured[what],
    simulated: simulated[what],
  }));
}

/** What was answered until the end. */
function closedLoop(clients: number, samples: readonly Sample[]): [Figures, Load] {
  const measuredMs = SECONDS * 1000;
  const inTime = served(samples).filter(({ at, ms }) => at + ms <= measuredMs);
  return [figuresOf(inTime, measuredMs), { kind: 'closed', clients, warmUpMs: 0, measuredMs }];
}

/** The simulated people come when the real ones came. */
function burst(samples: readonly Sample[]): [Figures, Load] {
  const answered = served(samples);
  const elapsedMs = Math.max(...answered.map(({ at, ms }) => at + ms));
  const times = Float64Array.from(samples, ({ at }) => at).sort();
  return [figuresOf(answered, elapsedMs), { kind: 'arrivals', times, gates: 0, walkMs: 0, retry: false }];
}

function served(samples: readonly Sample[]): Sample[] {
  return samples.filter(({ status }) => status === 200);
}

function nameOf(arrivals: LoadOrder['arrivals']): string {
  if ('perSecond' in arrivals) return `burst, ${arrivals.perSecond.toFixed(0)}/s for ${BURST_SECONDS} s`;
  return `${arrivals.clients} ${arrivals.clients === 1 ? 'client' : 'clients'}`;
}
