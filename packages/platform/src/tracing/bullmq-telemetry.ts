import {
  type Context,
  type ContextManager,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  type TextMapPropagator,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Telemetry, Span as TelemetrySpan } from 'bullmq';

/** Of all that BullMQ does: a job is added, alone or with its callback, and a job is processed. */
const OPERATIONS = new Set(['add', 'addFlow', 'addNode', 'process']);

/**
 * Of all that BullMQ would tell. Not among it: outcomes (`bullmq.job.result`), which have distances and employee ids, and
 * messages of errors, which may have keys of photos.
 */
const ATTRIBUTES = new Set([
  'bullmq.queue.name',
  'bullmq.queue.operation',
  'bullmq.job.name',
  'bullmq.job.id',
  'bullmq.job.attempts.made',
  'bullmq.worker.name',
]);

export interface BullTelemetryOptions {
  readonly tracer: Tracer;
  readonly contexts: ContextManager;
  readonly propagator: TextMapPropagator;
}

const SETTER = {
  set(carrier: Record<string, string>, key: string, value: string) {
    carrier[key] = value;
  },
};
const GETTER = {
  keys: (carrier: Record<string, string>) => Object.keys(carrier),
  get: (carrier: Record<string, string>, key: string) => carrier[key],
};

/**
 * BullMQ's hook for traces, on OpenTelemetry. The `bullmq-otel` package is the same without a choice of what is told, and
 * without `root`, so that what a worker does for ever would all belong to the first job.
 */
export function createBullTelemetry({ tracer, contexts, propagator }: BullTelemetryOptions): Telemetry<Context> {
  return {
    tracer: {
      startSpan(name, options, context = contexts.active()) {
        const [operation = ''] = name.split(' ');
        if (!OPERATIONS.has(operation)) return UNTOLD;
        // Both number the kinds of spans alike.
        return toldSpan(tracer.startSpan(name, { kind: options?.kind as number }, context));
      },
    },
    contextManager: {
      with: (context, fn) => contexts.with(context, fn),
      active: () => contexts.active(),
      root: () => ROOT_CONTEXT,
      getMetadata(context) {
        const carrier: Record<string, string> = {};
        propagator.inject(context, carrier, SETTER);
        return JSON.stringify(carrier);
      },
      fromMetadata(context, metadata) {
        return propagator.extract(context, parseCarrier(metadata), GETTER);
      },
    },
  };
}

/** It came through Redis. */
function parseCarrier(metadata: string): Record<string, string> {
  try {
    const carrier: unknown = JSON.parse(metadata);
    if (typeof carrier !== 'object' || carrier === null) return {};
    return Object.fromEntries(
      Object.entries(carrier).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  } catch {
    return {};
  }
}

function toldSpan(span: Span): TelemetrySpan<Context> {
  return {
    setSpanOnContext: (context) => trace.setSpan(context, span),
    setAttribute(key, value) {
      if (ATTRIBUTES.has(key)) span.setAttribute(key, value);
    },
    setAttributes(attributes) {
      for (const [key, value] of Object.entries(attributes)) {
        if (value !== undefined && ATTRIBUTES.has(key)) span.setAttribute(key, value);
      }
    },
    addEvent(name) {
      span.addEvent(name);
      if (name === 'job failed') span.setStatus({ code: SpanStatusCode.ERROR });
    },
    recordException(exception) {
      const type = typeof exception === 'object' && 'name' in exception ? exception.name : undefined;
      span.addEvent('exception', { 'exception.type': type ?? 'Error' });
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
    end: () => span.end(),
  };
}

/** What happens within it belongs to what is around it. */
const UNTOLD: TelemetrySpan<Context> = {
  setSpanOnContext: (context) => context,
  setAttribute: () => undefined,
  setAttributes: () => undefined,
  addEvent: () => undefined,
  recordException: () => undefined,
  end: () => undefined,
};
