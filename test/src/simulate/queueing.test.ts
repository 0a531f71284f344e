// The simulator's parts against closed forms of queueing theory (for instance Kleinrock, Queueing Systems, volume 1).
import { expect, it } from 'vitest';
import { createAgenda } from './agenda.js';
import { createFifo } from './fifo.js';
import { createMachine, createThread, type Machine } from './machine.js';
import { createRandom } from './random.js';
import { createSamples } from './samples.js';

const CUSTOMERS = 150_000;
const SERVICE_MS = 10;
const LOAD = 0.8;

/** Mean time in the system of Poisson arrivals at `LOAD`, in milliseconds. */
function meanStay(
  servers: number,
  variation: number,
  open: (machine: Machine) => (ms: number, done: () => void) => void,
): number {
  const agenda = createAgenda();
  const random = createRandom(7);
  const serve = open(createMachine(agenda, { cores: servers }));
  const stays = createSamples();
  const meanGap = SERVICE_MS / (LOAD * servers);
  (function arrive(left: number): void {
    if (left === 0) return;
    const at = agenda.now;
    serve(random.around(SERVICE_MS, variation), () => stays.add(agenda.now - at));
    agenda.after(random.around(meanGap, 1), () => arrive(left - 1));
  })(CUSTOMERS);
  agenda.run();
  expect(stays.count).toBe(CUSTOMERS);
  return stays.mean() ?? 0;
}

const oneThread = (machine: Machine) => createThread(machine).run;

/** A common line before as many threads as the machine has cores. */
function commonLine(machine: Machine) {
  const line = createFifo<readonly [number, () => void]>();
  let free = machine.cores;
  function next(): void {
    const first = free > 0 ? line.shift() : undefined;
    if (!first) return;
    free--;
    const [ms, done] = first;
    machine.run(ms, () => {
      free++;
      done();
      next();
    });
  }
  return (ms: number, done: () => void) => {
    line.push([ms, done]);
    next();
  };
}

/** Erlang's C: the share of customers who have to wait. */
function waitingShare(servers: number): number {
  const offered = LOAD * servers;
  let term = 1;
  let sum = 0;
  for (let k = 0; k < servers; k++) {
    sum += term;
    term *= offered / (k + 1);
  }
  const last = term / (1 - LOAD);
  return last / (sum + last);
}

const within = (actual: number, expected: number, share: number) =>
  expect(Math.abs(actual / expected - 1), `${actual} instead of ${expected}`).toBeLessThan(share);

it('has the stay of M/M/1', () => {
  within(meanStay(1, 1, oneThread), SERVICE_MS / (1 - LOAD), 0.05);
});

it('has the stay of M/D/1', () => {
  within(meanStay(1, 0, oneThread), SERVICE_MS + (LOAD * SERVICE_MS) / (2 * (1 - LOAD)), 0.05);
});

it('has the stay of M/G/1 with a coefficient of variation of a half (Pollaczek and Khinchine)', () => {
  const waiting = (LOAD * SERVICE_MS * (1 + 0.5 ** 2)) / (2 * (1 - LOAD));
  within(meanStay(1, 0.5, oneThread), SERVICE_MS + waiting, 0.05);
});

it('has the stay of M/M/c', () => {
  for (const servers of [2, 8]) {
    const waiting = (waitingShare(servers) * SERVICE_MS) / (servers * (1 - LOAD));
    within(meanStay(servers, 1, commonLine), SERVICE_MS + waiting, 0.05);
  }
});

it('has the stay of processor sharing, which does not depend on the distribution', () => {
  for (const variation of [0, 0.5, 1]) {
    within(
      meanStay(1, variation, ({ run }) => run),
      SERVICE_MS / (1 - LOAD),
      0.04,
    );
  }
});

it('shares cores evenly, to the millisecond', () => {
  const agenda = createAgenda();
  const machine = createMachine(agenda, { cores: 2 });
  const ends: number[] = [];
  // Four tasks on two cores run at half speed until the two short ones are done.
  for (const ms of [10, 10, 30, 30]) machine.run(ms, () => ends.push(agenda.now));
  agenda.run();
  expect(ends.map((end) => Math.round(end))).toEqual([20, 20, 40, 40]);
  expect(machine.busyMs).toBeCloseTo(80, 3);
});

it('runs slower by the slowdown when all cores are busy, and not when one is', () => {
  const agenda = createAgenda();
  const machine = createMachine(agenda, { cores: 2, slowdown: 0.5 });
  const ends: number[] = [];
  for (const ms of [10, 20]) machine.run(ms, () => ends.push(agenda.now));
  agenda.run();
  expect(ends[0]).toBeCloseTo(15, 3);
  expect(ends[1]).toBeCloseTo(25, 3);
});

it('does what a thread is told in order, one at a time', () => {
  const agenda = createAgenda();
  const thread = createThread(createMachine(agenda, { cores: 4 }));
  const ends: string[] = [];
  thread.run(10, () => {
    ends.push(`a ${agenda.now}`);
    thread.run(10, () => ends.push(`c ${agenda.now}`));
  });
  thread.run(10, () => ends.push(`b ${agenda.now}`));
  agenda.run();
  expect(ends).toEqual(['a 10', 'b 20', 'c 30']);
  expect(thread.usedMs).toBe(30);
});
