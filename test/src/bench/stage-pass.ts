import { join } from 'node:path';
import { temporaryFolder } from '../support/rollcall.js';
import { type BarePipeline, startBarePipeline } from './bare.js';
import type { ClosedLoop } from './closed-loop.js';
import { ROOT, type StoreName } from './options.js';
import { measurePoint } from './point.js';
import { profilingEnvironment, type StageTimes, startProfiling } from './profile.js';
import { namesOf } from './session.js';
import { EMPLOYEE } from './stage.js';
import { poolMs, stageCpu } from './stage-cpu.js';
import { PATH, startRollcall } from './subject.js';

/** Milliseconds of processor time of one verification by stage, all taken in one round. */
export interface StageRound {
  readonly bare: StageTimes;
  readonly api: StageTimes;
  readonly workers: StageTimes;
  /** By name, of processes that are not looked into. */
  readonly others: Readonly<Record<string, number>>;
}

export interface StagePassOptions {
  readonly store: StoreName;
  readonly loop: ClosedLoop;
  readonly processes: number;
  readonly concurrency: number;
  readonly clients: number;
}

export interface StagePass {
  readonly bare: BarePipeline;
  round(bareSeconds: number, seconds: number): Promise<StageRound>;
  stop(): Promise<void>;
}

/** As the worker sets it for its inference processes. */
export const BARE_ENVIRONMENT = { MALLOC_TRIM_THRESHOLD_: '131072' };

const WARM_UP = { clients: 8, seconds: 3 };
const ALL_ANSWERED_SECONDS = 2;

/** A system and a bare pipeline that can be profiled, so both cost a little more than those that are timed. */
export async function openStagePass(options: StagePassOptions): Promise<StagePass> {
  const { store, loop, processes, concurrency, clients } = options;
  const folder = temporaryFolder();
  const environment = profilingEnvironment(folder.path);
  const subject = await startRollcall(store, { ...environment, WORKER_PROCESSES: `${processes}` });
  const { url, photos } = subject;
  const models = join(ROOT, 'models');
  const order = { photos, modelsDir: models, concurrency };
  const bare = startBarePipeline(processes, order, { ...BARE_ENVIRONMENT, ...environment });
  const names = namesOf(loop, bare);
  const request = { url, path: PATH, employeeId: EMPLOYEE, photos };
  const nobody = { loop, subject: {}, names };
  await measurePoint({ ...nobody, order: { ...request, ...WARM_UP, warmUpSeconds: 0 } });
  await subject.idle();
  await bare.measure(1);

  return {
    bare,
    async round(bareSeconds, seconds) {
      const stopBare = startProfiling(bare.pids, folder.path);
      const { latencies } = await bare.measure(bareSeconds);
      const bareProcesses = await stopBare();
      const verifications = latencies.length;
      const decodePoolMs = poolMs(bareProcesses, verifications);

      const [apis, workers] = [subject.pidsOf('api'), subject.pidsOf('inference')];
      let profiled: Awaited<ReturnType<typeof stopBare>> = [];
      const { point, done } = await measurePoint({
        ...nobody,
        order: { ...request, clients, warmUpSeconds: ALL_ANSWERED_SECONDS, seconds },
        meanwhile() {
          const stop = startProfiling([...apis, ...workers], folder.path);
          return async () => {
            profiled = await stop();
          };
        },
      });
      await subject.idle();
      const of = (pids: readonly number[]) => profiled.filter(({ pid }) => pids.includes(pid));
      const { API: _api, workers: _workers, 'bare pipeline': _bare, ...others } = point.cpuMs;
      return {
        bare: stageCpu({ role: 'bare', processes: bareProcesses, verifications, decodePoolMs }),
        api: stageCpu({ role: 'api', processes: of(apis), verifications: done }),
        workers: stageCpu({ role: 'worker', processes: of(workers), verifications: done, decodePoolMs }),
        others,
      };
    },
    async stop() {
      bare.stop();
      await subject.stop();
      folder.remove();
    },
  };
}
