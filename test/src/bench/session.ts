import type { BarePipeline } from './bare.js';
import type { ClosedLoop } from './closed-loop.js';
import { measurePoint } from './point.js';
import type { ComparedPoint } from './report.js';
import { EMPLOYEE } from './stage.js';
import { PATH, type Subject } from './subject.js';

/** What one round of one system gave. */
export interface Session {
  readonly points: readonly ComparedPoint[];
  readonly s3Bytes: number | undefined;
}

export interface SessionOptions {
  readonly subject: Subject;
  readonly bare: BarePipeline;
  readonly loop: ClosedLoop;
  readonly clients: readonly number[];
  readonly seconds: number;
  readonly onPoint: (point: ComparedPoint) => void;
}

/** Compiles what is hot, and embeds the reference in every process. */
const FIRST_WARM_UP = { clients: 8, seconds: 3 };
const MIN_WARM_UP_SECONDS = 1.5;
const MAX_WARM_UP_SECONDS = 40;
/** Every client has been answered once, and then some, before anything is counted. */
const WARM_UP_CYCLES = 1.2;

/** The system at each number of clients, the bare pipeline before and after each. */
export async function runSession(options: SessionOptions): Promise<Session> {
  const { subject, bare, loop, seconds, onPoint } = options;
  const names = namesOf(loop, bare);
  const run = async (clients: number, warmUpSeconds: number, forSeconds: number) => {
    const { url, photos } = subject;
    const order = { url, path: PATH, employeeId: EMPLOYEE, photos, clients, warmUpSeconds, seconds: forSeconds };
    const measured = await measurePoint({ loop, subject, names, order });
    await subject.idle();
    return measured;
  };

  const s3Before = await subject.s3Bytes?.();
  const warmUp = await run(FIRST_WARM_UP.clients, 0, FIRST_WARM_UP.seconds);
  let perSecond = Math.max(1, warmUp.point.perSecond);
  let sent = warmUp.sent;
  let before = await bare.measure(seconds / 2);
  const points: ComparedPoint[] = [];
  for (const clients of options.clients) {
    const cycle = (WARM_UP_CYCLES * clients) / perSecond;
    const measured = await run(clients, Math.min(MAX_WARM_UP_SECONDS, Math.max(MIN_WARM_UP_SECONDS, cycle)), seconds);
    sent += measured.sent;
    // One client leaves cores idle and says little about what many get.
    if (clients > 1) perSecond = Math.max(1, measured.point.perSecond);
    const after = await bare.measure(seconds / 2);
    const mean = (before.perSecond + after.perSecond) / 2;
    before = after;
    const point = { ...measured.point, bare: mean, ratio: measured.point.perSecond / mean };
    points.push(point);
    onPoint(point);
  }
  const s3After = await subject.s3Bytes?.();
  return {
    points,
    s3Bytes: s3Before === undefined || s3After === undefined ? undefined : (s3After - s3Before) / sent,
  };
}

export function namesOf(loop: ClosedLoop, bare: BarePipeline): Map<number, string> {
  return new Map([[loop.pid, 'load generator'], ...bare.pids.map((pid) => [pid, 'bare pipeline'] as const)]);
}
