import type { Telemetry } from 'bullmq';
import type { TracingConfig } from '../config.js';

/** What may be told of a request or a job: words and numbers that lead to nobody. */
export type TraceAttributes = Readonly<Record<string, string | number>>;

/** A request that is being handled, as a trace shows it. */
export interface RequestSpan {
  readonly method: string;
  /** The header of the same name: the trace of whoever asks goes on. */
  readonly traceparent: string | undefined;
}

/** How a request was answered. */
export interface RequestEnd {
  /** The route, never the path. */
  readonly route: string;
  readonly status: number;
  readonly attributes: TraceAttributes;
}

/** Tells a collector, by OpenTelemetry, which way requests and jobs take through the processes. */
export interface Tracing {
  /** For BullMQ: carries the trace with a job, from whoever adds it to the worker that takes it. */
  readonly telemetry: Telemetry;
  /** Traces what is done within `handle`, which resolves with how the request was answered. */
  request(request: RequestSpan, handle: () => Promise<RequestEnd>): Promise<void>;
  /** Adds to what is told of the request or job that is being handled. */
  note(attributes: TraceAttributes): void;
  /** Sends what has not been sent. Never rejects, and does not wait for long. */
  close(): Promise<void>;
}

export interface TracingOptions {
  /** Undefined: no tracing. */
  readonly config: TracingConfig | undefined;
  /** Of the processes that do the same, e.g. `rollcall-api`. */
  readonly service: string;
  /** The collector does not take what is sent; called once in a minute at most. */
  readonly onError: (error: unknown) => void;
}

/** Loads OpenTelemetry only where it is wanted: without it, nothing of it is even read from the disk. */
export async function startTracing({ config, service, onError }: TracingOptions): Promise<Tracing | undefined> {
  if (!config) return undefined;
  const { createTracing } = await import('./opentelemetry.js');
  return createTracing({ config, service, onError });
}
