import { hostname } from 'node:os';
import { defaultTextMapGetter, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { TracingConfig } from '../config.js';
import { VERSION } from '../version.js';
import { withTimeout } from '../with-timeout.js';
import { createBullTelemetry } from './bullmq-telemetry.js';
import type { Tracing } from './tracing.js';

const EXPORT_EVERY_MS = 2_000;
const EXPORT_TIMEOUT_MS = 5_000;
/** A collector that is away keeps no process from ending. */
const CLOSE_TIMEOUT_MS = 2_000;
const COMPLAIN_EVERY_MS = 60_000;

interface OpenTelemetryOptions {
  readonly config: TracingConfig;
  readonly service: string;
  readonly onError: (error: unknown) => void;
}

/** Nothing of it is global, so that no library adds to what is told. */
export function createTracing({ config, service, onError }: OpenTelemetryOptions): Tracing {
  const { endpoint, sampleRatio } = config;
  const exporter = complaining(new OTLPTraceExporter({ url: endpoint, timeoutMillis: EXPORT_TIMEOUT_MS }), onError);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': service,
      'service.version': VERSION,
      'service.instance.id': `${hostname()}:${process.pid}`,
    }),
    // A job's spans are kept exactly when those of its request are.
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: EXPORT_EVERY_MS,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('rollcall', VERSION);
  const contexts = new AsyncLocalStorageContextManager().enable();
  const propagator = new W3CTraceContextPropagator();

  return {
    telemetry: createBullTelemetry({ tracer, contexts, propagator }),

    async request({ method, traceparent }, handle) {
      const caller = propagator.extract(ROOT_CONTEXT, { traceparent }, defaultTextMapGetter);
      const span = tracer.startSpan(
        method,
        { kind: SpanKind.SERVER, attributes: { 'http.request.method': method } },
        caller,
      );
      try {
        const { route, status, attributes } = await contexts.with(trace.setSpan(caller, span), handle);
        span.updateName(`${method} ${route}`);
        span.setAttributes({ 'http.route': route, 'http.response.status_code': status, ...attributes });
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      } finally {
        span.end();
      }
    },

    note(attributes) {
      trace.getSpan(contexts.active())?.setAttributes(attributes);
    },

    async close() {
      await withTimeout(provider.shutdown(), CLOSE_TIMEOUT_MS).catch(() => undefined);
      contexts.disable();
    },
  };
}

/** The same exporter, which says when it fails; OpenTelemetry itself would say nothing. */
function complaining(exporter: SpanExporter, onError: (error: unknown) => void): SpanExporter {
  let complainedAt = Number.NEGATIVE_INFINITY;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.code !== ExportResultCode.SUCCESS && performance.now() - complainedAt > COMPLAIN_EVERY_MS) {
          complainedAt = performance.now();
          onError(result.error);
        }
        done(result);
      });
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}
