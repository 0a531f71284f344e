import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Counter, Registry } from 'prom-client';
import { afterAll, afterEach, expect, it } from 'vitest';
import { createChildMetrics } from './child-metrics.js';

const folder = mkdtempSync(join(tmpdir(), 'rollcall-metrics-'));
const script = join(folder, 'child.mjs');

// Built: a process of its own cannot import TypeScript.
const platform = new URL('../../dist/index.js', import.meta.url);
const promClient = createRequire(import.meta.url).resolve('prom-client');

/** Counts as often as its first operand says, and hangs when it is told to. */
writeFileSync(
  script,
  `import { answerMetrics } from ${JSON.stringify(platform.href)};
import client from ${JSON.stringify(promClient)};
const registry = new client.Registry();
const registers = [registry];
const jobs = new client.Counter({ name: 'jobs_total', help: 'h', labelNames: ['kind'], registers });
const time = new client.Histogram({ name: 'time_seconds', help: 'h', buckets: [1, 2], registers });
new client.Gauge({ name: 'held', help: 'h', registers }).set(10);
for (let i = 0; i < Number(process.argv[2]); i++) { jobs.inc({ kind: 'verify' }); time.observe(1.5); }
answerMetrics(registry);
process.on('message', (message) => {
  if (message === 'hang') for (;;);
});
process.send('up');`,
);

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function counting(times: number): Promise<ChildProcess> {
  const child = fork(script, [`${times}`]);
  children.push(child);
  await once(child, 'message');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

const value = (text: string, name: string) =>
  Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')[1],
  );

it('adds up its own metrics and those of its children', async () => {
  const own = new Registry();
  new Counter({ name: 'starts_total', help: 'h', registers: [own] }).inc(5);
  const metrics = createChildMetrics(own);
  metrics.watch(await counting(2));
  metrics.watch(await counting(3));
  const text = await metrics.collect();
  expect(value(text, 'starts_total')).toBe(5);
  expect(value(text, 'jobs_total{kind="verify"}')).toBe(5);
  expect(value(text, 'time_seconds_bucket{le="1"}')).toBe(0);
  expect(value(text, 'time_seconds_bucket{le="2"}')).toBe(5);
  expect(value(text, 'time_seconds_sum')).toBe(7.5);
  expect(value(text, 'held')).toBe(20);
});

it('never lets a sum go back when children die and others take their place', async () => {
  const metrics = createChildMetrics(new Registry());
  const sums: number[] = [];
  for (let generation = 1; generation <= 4; generation++) {
    const child = metrics.watch(await counting(generation));
    const text = await metrics.collect();
    sums.push(value(text, 'jobs_total{kind="verify"}'));
    expect(value(text, 'time_seconds_count')).toBe(sums.at(-1));
    expect(value(text, 'held')).toBe(10);
    await kill(child);
    const after = await metrics.collect();
    expect(value(after, 'jobs_total{kind="verify"}')).toBe(sums.at(-1));
    expect(after).not.toContain('held 10');
  }
  expect(sums).toEqual([1, 3, 6, 10]);
});

it('does not wait for a child that hangs, and tells what it told last', async () => {
  const metrics = createChildMetrics(new Registry(), { timeoutMs: 200 });
  const child = metrics.watch(await counting(7));
  await metrics.collect();
  child.send('hang');
  const began = performance.now();
  const text = await metrics.collect();
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(value(text, 'jobs_total{kind="verify"}')).toBe(7);
  await kill(child);
  expect(value(await metrics.collect(), 'jobs_total{kind="verify"}')).toBe(7);
});
