import { type Agenda, createAgenda } from './agenda.js';
import type { Costs } from './costs.js';
import { createFifo } from './fifo.js';
import { createRandom } from './random.js';
import { createSamples, type Samples } from './samples.js';
import { peakShares, type Second, type Shares, sharesBetween, watchSeconds } from './seconds.js';
import { createSite, type Reply, type Site, type SiteOptions } from './site.js';

/** Who asks, and when. */
export type Load = Arrivals | ClosedLoop;

export interface Arrivals {
  readonly kind: 'arrivals';
  /** Milliseconds, sorted. */
  readonly times: Float64Array;
  /** Terminals, each serving one person at a time; 0: as many as there are people. */
  readonly gates: number;
  /** Between an answer at a gate and the next person's photo. */
  readonly walkMs: number;
  /** Whether a gate that is refused comes again, as `Retry-After` says. */
  readonly retry: boolean;
}

/** Each client asks again as soon as it is answered. */
export interface ClosedLoop {
  readonly kind: 'closed';
  readonly clients: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

export interface Scenario {
  readonly site: SiteOptions;
  readonly load: Load;
  readonly seed: number;
  /** Stop once it is certain that the p99 of the answers is above this. */
  readonly giveUpAboveMs?: number;
}

export interface Result {
  /** False: stopped early, because the p99 is above `giveUpAboveMs`. */
  readonly isComplete: boolean;
  readonly seconds: readonly Second[];
  /** Until everybody was answered; of a closed loop, what was measured. */
  readonly elapsedMs: number;
  readonly decided: number;
  readonly perSecond: number;
  /** From a person's first photo to the decision, refusals and polls included. */
  readonly answerMs: Samples;
  /** Of the requests that were answered with a decision at once. */
  readonly requestMs: Samples;
  /** In the line before a gate. */
  readonly lineMs: Samples;
  /** Requests refused with 503. */
  readonly refused: number;
  /** People who were refused and did not come again. */
  readonly lost: number;
  /** Requests answered with 202. */
  readonly putOff: number;
  readonly polls: number;
  readonly expired: number;
  readonly maxWaiting: number;
  /** Mean share of each resource: while people came, or while a closed loop was measured. */
  readonly utilisation: Shares;
  /** The highest of ten seconds. */
  readonly peakUtilisation: Shares;
  /** Of the simulation. */
  readonly events: number;
}

/** Share of people who may wait for longer than a p99. */
const ABOVE_P99 = 0.01;
const PEAK_SECONDS = 10;

/** Runs a scenario from the first arrival to the last answer. The same scenario has the same result. */
export function simulate(
  { site: options, load, seed, giveUpAboveMs = Number.POSITIVE_INFINITY }: Scenario,
  costs: Costs,
): Result {
  const agenda = createAgenda();
  const random = createRandom(seed);
  const site = createSite(agenda, random, options, costs);
  const people = createPeople(agenda, site, giveUpAboveMs);
  const seconds = watchSeconds(agenda, site, people.counts);

  const isClosed = load.kind === 'closed';
  const beganAt = isClosed ? load.warmUpMs : 0;
  const endedAt = isClosed ? load.warmUpMs + load.measuredMs : (load.times.at(-1) ?? 0);
  let before = site.usage();
  let after = before;
  agenda.at(beganAt, () => {
    before = site.usage();
    people.forget();
  });
  agenda.at(endedAt, () => {
    after = site.usage();
  });

  if (isClosed) driveClosed(load, people);
  else driveArrivals(agenda, load, people);
  const mayBeLate = isClosed ? Number.POSITIVE_INFINITY : load.times.length * ABOVE_P99;
  const isOver = isClosed
    ? () => agenda.now >= endedAt
    : () => people.counts.finished === load.times.length || people.counts.late > mayBeLate;
  agenda.run(isOver);

  const { answerMs, requestMs, lineMs, counts } = people;
  const elapsedMs = agenda.now - beganAt;
  return {
    isComplete: counts.late <= mayBeLate,
    seconds,
    elapsedMs,
    decided: answerMs.count,
    perSecond: (answerMs.count * 1000) / Math.max(elapsedMs, 1),
    answerMs,
    requestMs,
    lineMs,
    refused: counts.refused,
    lost: counts.lost,
    putOff: counts.putOff,
    polls: site.polls,
    expired: site.expired,
    maxWaiting: Math.max(0, ...seconds.map(({ waiting }) => waiting)),
    utilisation: sharesBetween(before, after, endedAt - beganAt),
    peakUtilisation: peakShares(seconds, PEAK_SECONDS),
    events: agenda.events,
  };
}

interface People {
  readonly answerMs: Samples;
  readonly requestMs: Samples;
  readonly lineMs: Samples;
  readonly counts: {
    arrived: number;
    answered: number;
    refused: number;
    putOff: number;
    lost: number;
    finished: number;
    /** Answered after `giveUpAboveMs`. */
    late: number;
    worstMs: number | undefined;
  };
  /** One person's verification until it is decided, or refused when nobody comes again. */
  verify(retry: boolean, done: () => void): void;
  /** Forgets what a warm-up has measured. */
  forget(): void;
}

function createPeople(agenda: Agenda, site: Site, giveUpAboveMs: number): People {
  const samples = { answerMs: createSamples(), requestMs: createSamples(), lineMs: createSamples() };
  const counts: People['counts'] = {
    arrived: 0,
    answered: 0,
    refused: 0,
    putOff: 0,
    lost: 0,
    finished: 0,
    late: 0,
    worstMs: undefined,
  };

  function decided(firstAskedAt: number): void {
    const ms = agenda.now - firstAskedAt;
    samples.answerMs.add(ms);
    counts.answered++;
    counts.worstMs = Math.max(counts.worstMs ?? 0, ms);
    if (ms > giveUpAboveMs) counts.late++;
  }

  function pollUntilDecided({ poll, pollAfterMs }: Extract<Reply, { status: 202 }>, done: () => void): void {
    agenda.after(pollAfterMs, function ask() {
      poll((againAfterMs) => {
        if (againAfterMs === undefined) done();
        else agenda.after(againAfterMs, ask);
      });
    });
  }

  function attempt(firstAskedAt: number, retry: boolean, done: () => void): void {
    const askedAt = agenda.now;
    site.verify((reply) => {
      const finish = () => {
        decided(firstAskedAt);
        counts.finished++;
        done();
      };
      if (reply.status === 200) {
        samples.requestMs.add(agenda.now - askedAt);
        finish();
      } else if (reply.status === 202) {
        counts.putOff++;
        pollUntilDecided(reply, finish);
      } else {
        counts.refused++;
        if (retry) return agenda.after(reply.retryAfterMs, () => attempt(firstAskedAt, retry, done));
        counts.lost++;
        counts.finished++;
        done();
      }
    });
  }

  return {
    ...samples,
    counts,
    verify: (retry, done) => attempt(agenda.now, retry, done),
    forget() {
      for (const each of Object.values(samples)) each.clear();
      Object.assign(counts, { refused: 0, putOff: 0, lost: 0 });
    },
  };
}

function driveClosed({ clients }: ClosedLoop, people: People): void {
  for (let client = 0; client < clients; client++) {
    (function again(): void {
      people.counts.arrived++;
      people.verify(false, again);
    })();
  }
}

function driveArrivals(agenda: Agenda, { times, gates, walkMs, retry }: Arrivals, people: People): void {
  const line = createFifo<number>();
  let free = gates;

  function serve(arrivedAt: number): void {
    people.lineMs.add(agenda.now - arrivedAt);
    people.verify(retry, () => {
      if (gates > 0) agenda.after(walkMs, callNext);
    });
  }

  function callNext(): void {
    const next = line.shift();
    if (next === undefined) free++;
    else serve(next);
  }

  function arrive(index: number): void {
    const at = times[index];
    if (at === undefined) return;
    agenda.at(at, () => {
      people.counts.arrived++;
      if (gates === 0) serve(at);
      else if (free > 0) {
        free--;
        serve(at);
      } else line.push(at);
      arrive(index + 1);
    });
  }

  arrive(0);
}
