import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { beforeEach, expect, it } from 'vitest';
import { createBullTelemetry } from './bullmq-telemetry.js';

const exporter = new InMemorySpanExporter();
beforeEach(() => exporter.reset());
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
const telemetry = createBullTelemetry({
  tracer: provider.getTracer('test'),
  contexts: new AsyncLocalStorageContextManager().enable(),
  propagator: new W3CTraceContextPropagator(),
});
const { tracer, contextManager } = telemetry;

it('tells of a job only what leads to nobody', () => {
  const span = tracer.startSpan('process {rollcall}', { kind: 4 });
  span.setAttributes({
    'bullmq.job.id': 'j1',
    'bullmq.job.options': '{"data":"4711"}',
    'bullmq.job.attempts.made': undefined,
  });
  span.setAttribute('bullmq.worker.name', 'machine-1:42');
  span.setAttribute('bullmq.job.result', '4711');
  span.addEvent('job completed', { 'bullmq.job.result': '{"employee_id":"4711"}' });
  span.addEvent('job failed', { 'bullmq.job.failed.reason': 'employees/4711/face_1.jpg' });
  span.recordException({ name: 'BlobStoreError', message: 'employees/4711/face_1.jpg is gone' });
  span.recordException('4711');
  span.end();
  const [told] = exporter.getFinishedSpans();
  expect(told?.attributes).toEqual({ 'bullmq.job.id': 'j1', 'bullmq.worker.name': 'machine-1:42' });
  expect(told?.events.map(({ name, attributes }) => [name, attributes])).toEqual([
    ['job completed', {}],
    ['job failed', {}],
    ['exception', { 'exception.type': 'BlobStoreError' }],
    ['exception', { 'exception.type': 'Error' }],
  ]);
  expect(told?.status.code).toBe(2);
});

it('tells nothing of what a worker does all the time, and what happens within it belongs to what is around it', () => {
  const outer = tracer.startSpan('process {rollcall}', { kind: 4 });
  const context = outer.setSpanOnContext(ROOT_CONTEXT);
  const inner = tracer.startSpan('getNextJob {rollcall}', { kind: 0 }, context);
  expect(inner.setSpanOnContext(context)).toBe(context);
  inner.setAttributes({ 'bullmq.job.id': 'j1' });
  inner.end();
  outer.end();
  expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['process {rollcall}']);
  expect(contextManager.root?.()).toBe(ROOT_CONTEXT);
});

it('carries a trace in a job, and bears what else may stand there', () => {
  const span = tracer.startSpan('add {rollcall}.verify', { kind: 3 });
  const metadata = contextManager.getMetadata(span.setSpanOnContext(ROOT_CONTEXT));
  const carried = trace.getSpanContext(contextManager.fromMetadata(ROOT_CONTEXT, metadata));
  span.end();
  const [told] = exporter.getFinishedSpans();
  expect(carried).toMatchObject({ traceId: told?.spanContext().traceId, spanId: told?.spanContext().spanId });
  for (const strange of ['', 'null', '[]', '{"traceparent":1}', '{"traceparent":"00-x-y-01"}']) {
    expect(trace.getSpanContext(contextManager.fromMetadata(ROOT_CONTEXT, strange))).toBeUndefined();
  }
});
