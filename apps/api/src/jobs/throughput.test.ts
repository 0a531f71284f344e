import { expect, it } from 'vitest';
import { createThroughput } from './throughput.js';

/** A queue that is observed every 250 ms. */
function simulate() {
  const throughput = createThroughput();
  let [now, ended] = [0, 0];
  const run = (seconds: number, perSecond: number, waiting: number) => {
    for (let tick = 0; tick < seconds * 4; tick++) {
      now += 250;
      ended += perSecond / 4;
      throughput.observe({ waiting, background: 0, ended, memory: 0 }, now);
    }
    return throughput.perSecond();
  };
  return { throughput, run };
}

it('knows nothing before anything has ended', () => {
  const { run } = simulate();
  expect(run(10, 0, 5)).toBeUndefined();
});

it('is not misled by the moment in which a worker starts', () => {
  const { run } = simulate();
  run(5, 0, 1000);
  // One job has ended by the first look, and the next look finds the worker at its pace.
  expect(run(0.25, 4, 1000)).toBeUndefined();
  const seen = [1, 2, 3, 4].map(() => run(0.25, 60, 1000));
  expect(seen.slice(0, 3)).toEqual([undefined, undefined, undefined]);
  expect(seen[3]).toBeCloseTo(60, 0);
});

it('weighs what it has seen by its time, however little that is', () => {
  const { run } = simulate();
  run(0.25, 40, 100);
  run(1, 40, 100);
  const rate = run(1, 80, 100) ?? 0;
  // The long memory has seen both for as long; the short one, which leans to the later, is higher.
  expect(rate).toBeGreaterThan(55);
  expect(rate).toBeLessThan(65);
});

it('is the rate at which jobs end while others wait', () => {
  const { run } = simulate();
  expect(run(5, 60, 100)).toBeCloseTo(60, 0);
  // A worker has gone.
  expect(run(20, 30, 100)).toBeCloseTo(30, 0);
});

it('is not lowered by a quiet hour, and raised by what is seen then', () => {
  const { run } = simulate();
  run(5, 60, 100);
  expect(run(3600, 2, 0)).toBeCloseTo(60, 0);
  expect(run(5, 80, 0)).toBeCloseTo(80, 0);
});

it('sinks towards nothing while nothing ends', () => {
  const { run } = simulate();
  run(5, 60, 100);
  expect(run(30, 0, 100)).toBeLessThan(0.1);
});

it('survives a counter that begins anew', () => {
  const { run, throughput } = simulate();
  run(5, 60, 100);
  throughput.observe({ waiting: 1, background: 0, ended: 0, memory: 0 }, 1_000_000);
  expect(throughput.perSecond()).toBeCloseTo(60, 0);
});
