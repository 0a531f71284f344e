import { employeePrefix } from '@rollcall/contracts';
import { createBlobStore } from '@rollcall/platform';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { form, photo, post } from './support/client.js';
import { type Collector, type ReceivedSpan, startCollector } from './support/collector.js';
import { freePort } from './support/free-port.js';
import { type System, startSystem, temporaryFolder } from './support/rollcall.js';
import { runNode } from './support/run.js';
import { until } from './support/until.js';

// Which way a request takes through the processes, as a collector of OpenTelemetry sees it.
const folder = temporaryFolder();
const EMPLOYEE = 'emp-4711';
let collector: Collector;
let system: System;

beforeAll(async () => {
  collector = await startCollector();
  const settings = { DATA_DIR: folder.path, WORKER_PROCESSES: '2' };
  system = await startSystem('start', { ...settings, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const store = createBlobStore({ s3: undefined, dataDir: folder.path });
  await store.put(`${employeePrefix(EMPLOYEE)}face_1.jpg`, await photo('person_a_1.jpg'));
});
afterAll(async () => {
  await system.stop();
  await collector.stop();
  folder.remove();
});

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';

async function spansOf(traceId: string, count: number): Promise<ReceivedSpan[]> {
  return until(`${count} spans of the trace have come`, () => {
    const spans = collector.spans.filter((span) => span.traceId === traceId);
    return spans.length >= count ? spans : undefined;
  });
}

it('makes one trace of one verification: API, queue, worker, and who asked', async () => {
  const answer = await post(`${system.url}/recognize_face`, form(EMPLOYEE, await photo('person_a_2.jpg')), {
    traceparent: `00-${TRACE_ID}-${SPAN_ID}-01`,
  });
  expect(answer.status).toBe(200);
  const spans = await spansOf(TRACE_ID, 3);
  expect(spans).toHaveLength(3);
  const [request, add, work] = ['POST', 'add', 'process'].map((name) =>
    spans.find((span) => span.name.startsWith(`${name} `)),
  );
  expect(request).toMatchObject({
    service: 'rollcall-api',
    name: 'POST /recognize_face',
    kind: 2,
    parentSpanId: SPAN_ID,
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/recognize_face',
      'http.response.status_code': 200,
      'rollcall.outcome': 'verified',
    },
  });
  expect(add).toMatchObject({ service: 'rollcall-api', kind: 4, parentSpanId: request?.spanId });
  expect(work).toMatchObject({
    service: 'rollcall-worker',
    kind: 5,
    parentSpanId: add?.spanId,
    attributes: {
      'bullmq.job.name': 'verify',
      'bullmq.job.id': request?.attributes['rollcall.job.id'],
      'rollcall.outcome': 'verified',
      'rollcall.stage.embed_ms': expect.any(Number),
    },
  });
});

it('begins a trace of its own for each request that brings none', async () => {
  const before = collector.spans.length;
  const verify = async () => post(`${system.url}/v1/verifications`, form(EMPLOYEE, await photo('person_b_1.jpg')));
  await Promise.all([verify(), verify(), verify()]);
  const spans = await until('three traces have come', () => {
    const news = collector.spans.slice(before).filter(({ traceId }) => traceId !== TRACE_ID);
    return news.length >= 9 ? news : undefined;
  });
  const traces = groupsOf(spans);
  expect(traces).toHaveLength(3);
  for (const trace of traces) {
    expect(trace.map(({ name }) => name.split(' ')[0]).sort()).toEqual(['POST', 'add', 'process']);
  }
});

it('tells no name, no photo and no distance, and nothing of probes', async () => {
  const identified = await post(`${system.url}/v1/identifications`, form(undefined, await photo('person_a_2.jpg')));
  expect(identified.status).toBe(200);
  expect((await fetch(`${system.url}/v1/employees/${EMPLOYEE}`)).status).toBe(200);
  for (const path of ['/healthz', '/readyz', '/metrics']) await fetch(`${system.url}${path}`);
  const named = (route: string) => collector.spans.find(({ name }) => name === `GET ${route}`);
  await until('the request for the employee has come', () => named('/v1/employees/{id}'));
  await until('the identification has come', () =>
    collector.spans.find(({ attributes }) => attributes['bullmq.job.name'] === 'identify'),
  );
  for (const path of ['/healthz', '/readyz', '/metrics']) expect(named(path)).toBeUndefined();
  expect(collector.raw()).not.toMatch(
    /emp-4711|face_|distance|candidates|uploads|bullmq\.job\.(result|options|failed)/,
  );
});

it('verifies also while the collector is away, and says that it is', async () => {
  const away = temporaryFolder();
  const endpoint = `http://127.0.0.1:${await freePort()}`;
  const lonely = await startSystem('start', {
    DATA_DIR: away.path,
    WORKER_PROCESSES: '1',
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  });
  try {
    expect((await post(`${lonely.url}/recognize_face`, form('1', await photo('person_a_2.jpg')))).status).toBe(404);
    await lonely.line(({ msg, name }) => msg === 'traces cannot be sent' && name === 'api');
    const began = performance.now();
    expect(await lonely.stop()).toBe(0);
    expect(performance.now() - began).toBeLessThan(15_000);
  } finally {
    away.remove();
  }
});

it('loads nothing of the SDK of OpenTelemetry unless traces are wanted', async () => {
  const platform = import.meta.resolve('@rollcall/platform');
  const script = (endpoint: string) => `
    import { createRequire } from 'node:module';
    const { loadConfig, startTracing } = await import(${JSON.stringify(platform)});
    const config = loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: ${JSON.stringify(endpoint)} }).tracing;
    const tracing = await startTracing({ config, service: 'test', onError() {} });
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((file) => /opentelemetry.(sdk|exporter|otlp)/.test(file));
    console.log(tracing !== undefined, loaded.length > 0);
    process.exit(0);`;
  const run = (endpoint: string) =>
    runNode('--input-type=module', ['--eval', script(endpoint)], { PATH: '/usr/bin' }).then(({ stdout }) =>
      stdout.trim(),
    );
  expect(await run('')).toBe('false false');
  expect(await run('http://127.0.0.1:4318')).toBe('true true');
});

function groupsOf(spans: readonly ReceivedSpan[]): ReceivedSpan[][] {
  const groups = new Map<string, ReceivedSpan[]>();
  for (const span of spans) groups.set(span.traceId, [...(groups.get(span.traceId) ?? []), span]);
  return [...groups.values()];
}
