import type { Job, JobKind, Outcome } from '@rollcall/contracts';
import { Counter, Histogram, type Registry } from 'prom-client';
import { wordOf } from '../inference/outcome-word.js';

/** What a job's time goes into: the pipeline's stages, and what the job waits for besides. */
export type Stage = 'fetch' | 'list' | 'decode' | 'detect' | 'refine' | 'align' | 'embed' | 'search';

/** What an inference process counts of its jobs. None of it tells who was in front of a camera. */
export interface JobMetrics {
  /** A job is begun for the first time. */
  begun(options: { readonly queueSeconds: number; readonly isBackground: boolean }): void;
  stage(stage: Stage, seconds: number): void;
  /** What was decided, and in how many seconds; the job may still have to be done again, if nobody could be told. */
  decided(job: Job, outcome: Outcome, seconds: number): void;
  /** A job has ended. */
  ended(kind: JobKind, outcome: Outcome | 'failed'): void;
  /** An attempt has failed, and the job will be tried again. */
  retried(kind: JobKind): void;
  /** A job was taken back from a worker that did not renew its lock. */
  stalled(): void;
}

const STAGE_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const JOB_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const WAIT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Cosine similarities are between -1 and 1; those of two people seldom below -0.2. */
const SIMILARITY_BUCKETS = [-0.2, -0.1, ...Array.from({ length: 20 }, (_, step) => step / 20)];

export function createJobMetrics(registry: Registry): JobMetrics {
  const registers = [registry];
  const queueSeconds = new Histogram({
    name: 'rollcall_job_queue_seconds',
    help: "From a job's submission until a worker began it, by line: waiting (somebody waits) or background.",
    labelNames: ['line'],
    buckets: WAIT_BUCKETS,
    registers,
  });
  const stageSeconds = new Histogram({
    name: 'rollcall_job_stage_seconds',
    help: 'Time by stage: fetch (the photo), list (the references), decode, detect, refine, align, embed, search (everybody).',
    labelNames: ['stage'],
    buckets: STAGE_BUCKETS,
    registers,
  });
  const jobSeconds = new Histogram({
    name: 'rollcall_job_duration_seconds',
    help: "From a job's beginning until its outcome.",
    labelNames: ['kind'],
    buckets: JOB_BUCKETS,
    registers,
  });
  const jobs = new Counter({
    name: 'rollcall_jobs_total',
    help: 'Jobs that have ended.',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const retries = new Counter({
    name: 'rollcall_job_retries_total',
    help: 'Attempts that failed and are tried again.',
    labelNames: ['kind'],
    registers,
  });
  const stalls = new Counter({
    name: 'rollcall_jobs_stalled_total',
    help: 'Jobs that were taken back from a worker that died or hung.',
    registers,
  });
  const similarity = new Histogram({
    name: 'rollcall_similarity',
    help: 'Cosine similarity of a verified face to the nearest reference, by decision: accepted or rejected.',
    labelNames: ['decision'],
    buckets: SIMILARITY_BUCKETS,
    registers,
  });
  const photosRefused = new Counter({
    name: 'rollcall_photos_refused_total',
    help: 'Findings for which photos were refused as references.',
    labelNames: ['reason'],
    registers,
  });

  function observeOutcome(outcome: Outcome): void {
    if (outcome.kind === 'decided' && outcome.result.distance !== null) {
      similarity.observe({ decision: outcome.result.verified ? 'accepted' : 'rejected' }, 1 - outcome.result.distance);
    }
    if (outcome.kind === 'enrolled') {
      for (const { reason } of outcome.photos.flatMap(({ refusals }) => refusals)) photosRefused.inc({ reason });
    }
  }

  return {
    begun({ queueSeconds: seconds, isBackground }) {
      queueSeconds.observe({ line: isBackground ? 'background' : 'waiting' }, Math.max(0, seconds));
    },
    stage(stage, seconds) {
      stageSeconds.observe({ stage }, seconds);
    },
    decided({ kind }, outcome, seconds) {
      jobSeconds.observe({ kind }, seconds);
      observeOutcome(outcome);
    },
    ended(kind, outcome) {
      jobs.inc({ kind, outcome: outcome === 'failed' ? outcome : wordOf(outcome) });
    },
    retried(kind) {
      retries.inc({ kind });
    },
    stalled() {
      stalls.inc();
    },
  };
}
