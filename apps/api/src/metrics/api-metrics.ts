import type { ErrorCode } from '@rollcall/contracts';
import { Counter, Histogram, type Registry } from 'prom-client';

/** A request that has been answered. All of its words are from small fixed sets. */
export interface AnsweredRequest {
  readonly method: string;
  /** The route, as the description has it, e.g. `/v1/jobs/{id}`. */
  readonly endpoint: string;
  readonly status: number;
  /** As in the log: an error code, a reason, `verified` … */
  readonly outcome: string;
  readonly seconds: number;
}

/** What an API counts of its requests. */
export interface ApiMetrics {
  answered(request: AnsweredRequest): void;
  /** All metrics of this process, in Prometheus' text format. */
  collect(): Promise<string>;
  readonly contentType: string;
}

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Turned away before anything was done, because of who asks or because of how much is going on. */
const REFUSALS = [
  'unauthorized',
  'insufficient_scope',
  'gate_not_allowed',
  'origin_not_allowed',
  'host_not_allowed',
  'rate_limited',
  'verification_locked',
  'overloaded',
  'uploads_busy',
  'queue_unavailable',
  'store_unavailable',
  'store_full',
] as const satisfies readonly ErrorCode[];

export function createApiMetrics(registry: Registry): ApiMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'rollcall_requests_total',
    help: 'Requests that were answered.',
    labelNames: ['method', 'endpoint', 'outcome', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'rollcall_request_duration_seconds',
    help: "From the first byte of a request's head until its answer is ready; of a verification, with its wait in the queue.",
    labelNames: ['method', 'endpoint'],
    buckets: BUCKETS,
    registers,
  });
  const refusals = new Counter({
    name: 'rollcall_refusals_total',
    help: 'Requests that were turned away before anything was done.',
    labelNames: ['reason'],
    registers,
  });
  // From the start, so that the first refusal is an increase.
  for (const reason of REFUSALS) refusals.inc({ reason }, 0);
  const isRefusal = new Set<string>(REFUSALS);

  return {
    answered({ method, endpoint, status, outcome, seconds }) {
      requests.inc({ method, endpoint, outcome, status });
      durations.observe({ method, endpoint }, seconds);
      if (isRefusal.has(outcome)) refusals.inc({ reason: outcome });
    },
    collect: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
