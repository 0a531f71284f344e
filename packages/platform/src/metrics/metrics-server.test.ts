import { afterEach, expect, it } from 'vitest';
import { ConfigError } from '../config-error.js';
import { type MetricsServer, serveMetrics } from './metrics-server.js';

const servers: MetricsServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function start(over: Partial<Parameters<typeof serveMetrics>[0]> = {}): Promise<MetricsServer> {
  const server = await serveMetrics({
    host: '127.0.0.1',
    port: 0,
    collect: async () => 'jobs_total 1\n',
    isReady: () => true,
    onError: () => undefined,
    ...over,
  });
  servers.push(server);
  return server;
}

it('tells metrics, life and readiness, and nothing else', async () => {
  let ready = false;
  const { url } = await start({ isReady: () => ready });
  const metrics = await fetch(`${url}/metrics`);
  expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(await metrics.text()).toBe('jobs_total 1\n');
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  ready = true;
  expect((await fetch(`${url}/readyz?why`)).status).toBe(200);
  expect((await fetch(`${url}/`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405);
});

it('says of what cannot be collected only that it failed', async () => {
  const errors: unknown[] = [];
  const { url } = await start({
    collect: () => Promise.reject(new Error('secret')),
    onError: (error) => errors.push(error),
  });
  const response = await fetch(`${url}/metrics`);
  expect([response.status, await response.text()]).toEqual([500, 'failed\n']);
  expect(errors).toHaveLength(1);
});

it('names the settings when its address is taken', async () => {
  const { url } = await start();
  const taken = start({ port: Number(new URL(url).port) });
  await expect(taken).rejects.toThrow(ConfigError);
  await expect(taken).rejects.toThrow(/METRICS_PORT/);
});
