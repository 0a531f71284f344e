import { loadConfig } from '@rollcall/platform';
import { type Admission, createAdmission } from './admission.js';
import type { Agenda } from './agenda.js';
import type { Costs, StoreKind } from './costs.js';
import { createGpu, type Gpu, type GpuOptions } from './gpu.js';
import { createMachine, createThread, type Machine, type Thread } from './machine.js';
import { createQueue, type Job, type Queue } from './queue.js';
import type { Random } from './random.js';

export interface SiteOptions {
  /** Worker processes. */
  readonly workers: number;
  /** Jobs that a worker process has at once. */
  readonly concurrency: number;
  /** Cores of a machine of workers; it runs as many processes. */
  readonly coresPerMachine: number;
  readonly apis: number;
  readonly store: StoreKind;
  readonly storeCores: number;
  /** Between the store and everything else. */
  readonly linkGbit: number;
  /** One way, between any two machines. */
  readonly networkMs: number;
  readonly syncTimeoutMs: number;
  readonly jobDeadlineMs: number;
  readonly maxWaitingJobs: number;
  /** Everything, the gates included, on one machine with so many cores. */
  readonly oneMachineCores?: number | undefined;
  /** One in each machine of workers. */
  readonly gpu?: GpuOptions | undefined;
}

const { workerConcurrency, syncTimeoutMs, jobDeadlineMs, maxWaitingJobs } = loadConfig({});

export const DEFAULT_SITE: SiteOptions = {
  workers: 2,
  concurrency: workerConcurrency,
  coresPerMachine: 8,
  apis: 1,
  store: 's3',
  storeCores: 8,
  linkGbit: 10,
  networkMs: 0.1,
  syncTimeoutMs,
  jobDeadlineMs,
  maxWaitingJobs,
};

/** What a request is answered with. */
export type Reply =
  | { readonly status: 200 }
  /** `poll` asks for the job; it answers undefined once the job has ended, else the milliseconds after which to ask again. */
  | { readonly status: 202; readonly pollAfterMs: number; poll(done: (againAfterMs: number | undefined) => void): void }
  | { readonly status: 503; readonly retryAfterMs: number };

/** CPU milliseconds used so far and how much there is. */
export interface Usage {
  readonly usedMs: number;
  readonly cores: number;
}

export interface Site {
  readonly queue: Queue;
  /** Jobs that ended because nobody took them before their deadline. */
  readonly expired: number;
  readonly polls: number;
  verify(done: (reply: Reply) => void): void;
  /** By resource: `api`, `redis`, `workers`, `store`, `link`, `gpu`. */
  usage(): Readonly<Record<string, Usage>>;
}

/** As apps/api/src/http says. */
const FIRST_POLL_MS = 1_000;
const MAX_POLL_PAUSE_SECONDS = 30;

/** How the store's CPU of a verification is divided: the rest goes into removing photos, which nobody waits for. */
const PUT_SHARE = 0.4;
const READ_SHARE = 0.4;

interface Api {
  readonly thread: Thread;
  readonly machine: Machine;
  readonly admission: Admission;
  /** Milliseconds of events about other instances' jobs, done together with the next task. */
  overheardMs: number;
}

/** The resources of a site and the way of a verification through them. */
export function createSite(agenda: Agenda, random: Random, options: SiteOptions, costs: Costs): Site {
  const { workers, concurrency, coresPerMachine, store, networkMs, syncTimeoutMs, jobDeadlineMs } = options;
  const { api: apiCosts, redis: redisCosts, worker: workerCosts, store: storeCosts } = costs.stores[store];
  const hopMs = costs.hopMs + networkMs;
  const { slowdown } = costs;
  const shared =
    options.oneMachineCores === undefined
      ? undefined
      : createMachine(agenda, { cores: options.oneMachineCores, slowdown });
  const machineWith = (cores: number) => shared ?? createMachine(agenda, { cores, slowdown });

  const queue = createQueue();
  const redis = createThread(machineWith(1));
  const storeMachine = machineWith(options.storeCores);
  const link = createThread(createMachine(agenda, { cores: 1 }));
  const linkMs = store === 's3' ? (storeCosts.bytes * 8) / (options.linkGbit * 1e6) : 0;
  let storeUsedMs = 0;
  let workersUsedMs = 0;
  let expired = 0;
  let polls = 0;
  const gpus: Gpu[] = [];

  /** Half of the photo's way: it is put by an API and got by a worker. */
  function throughStore(latencyMs: number, share: number, done: () => void): void {
    const serverMs = storeCosts.serverMs * share;
    storeUsedMs += serverMs;
    link.run(linkMs / 2, () => {
      storeMachine.run(serverMs, () => agenda.after(Math.max(0, latencyMs - serverMs), done));
    });
  }

  function removePhoto(): void {
    const serverMs = storeCosts.serverMs * (1 - PUT_SHARE - READ_SHARE);
    storeUsedMs += serverMs;
    storeMachine.run(serverMs, () => undefined);
  }

  const apis: Api[] = Array.from({ length: options.apis }, () => {
    // One core for the event loop, one for everything else.
    const machine = machineWith(2);
    const admission = createAdmission(agenda, random, queue, options.maxWaitingJobs);
    return { thread: createThread(machine), machine, admission, overheardMs: 0 };
  });

  function onEventLoop(api: Api, ms: number, done: () => void): void {
    const { overheardMs } = api;
    api.overheardMs = 0;
    api.thread.run(ms + overheardMs, done);
  }

  function startWorker(machine: Machine, gpu: Gpu | undefined): void {
    const thread = createThread(machine);
    let active = 0;
    let isListening = false;

    function use(ms: number, done: () => void): void {
      workersUsedMs += ms;
      thread.run(ms, done);
    }

    function listen(): void {
      if (isListening || active >= concurrency) return;
      isListening = true;
      queue.listen({ wake: () => agenda.after(hopMs, () => use(workerCosts.askMs, ask)) });
    }

    /** BullMQ asks until it has enough jobs or there are none; then it listens. */
    function ask(): void {
      redis.run(redisCosts.askMs, () => {
        const job = queue.take();
        agenda.after(hopMs, () => {
          isListening = false;
          if (!job) return listen();
          active++;
          begin(job);
          if (active >= concurrency) return;
          isListening = true;
          use(workerCosts.askMs, ask);
        });
      });
    }

    function begin(job: Job): void {
      if (agenda.now > job.addedAt + jobDeadlineMs) {
        expired++;
        end(job);
        return;
      }
      const factor = random.around(1, workerCosts.variation);
      const { beginMs, decodeMs, detectMs, embedMs, finishMs } = workerCosts;
      use(beginMs, () =>
        throughStore(storeCosts.readLatencyMs, READ_SHARE, () => {
          workersUsedMs += decodeMs * factor;
          machine.run(decodeMs * factor, () => {
            if (!gpu) return use((detectMs + embedMs) * factor + finishMs, () => end(job));
            use(detectMs * factor, () => gpu.embed(() => use(finishMs, () => end(job))));
          });
        }),
      );
    }

    function end(job: Job): void {
      redis.run(redisCosts.finishMs + redisCosts.overheardMs * (options.apis - 1), () => {
        queue.ended++;
        removePhoto();
        tell(job);
        const next = queue.takeNext();
        agenda.after(hopMs, () => {
          if (next) return begin(next);
          active--;
          listen();
        });
      });
    }

    listen();
  }

  function tell(job: Job): void {
    job.hasEnded = true;
    for (const api of apis) api.overheardMs += apiCosts.overheardMs;
    const { onEnd } = job;
    if (onEnd) agenda.after(hopMs, onEnd);
  }

  for (let started = 0; started < workers; started += coresPerMachine) {
    const processes = Math.min(coresPerMachine, workers - started);
    const machine = machineWith(processes);
    const gpu = options.gpu && createGpu(agenda, options.gpu);
    if (gpu) gpus.push(gpu);
    for (let index = 0; index < processes; index++) startWorker(machine, gpu);
  }

  let nextApi = 0;

  function poll(api: Api, job: Job, done: (againAfterMs: number | undefined) => void): void {
    polls++;
    agenda.after(hopMs, () =>
      onEventLoop(api, costs.poll.apiMs, () =>
        redis.run(costs.poll.redisMs, () => {
          const seconds = (api.admission.estimate(queue.positionOf(job)) ?? 0) / 2;
          const pause = Math.min(Math.max(1, Math.ceil(seconds)), MAX_POLL_PAUSE_SECONDS);
          agenda.after(2 * hopMs, () => done(job.hasEnded ? undefined : pause * 1000));
        }),
      ),
    );
  }

  /** The photo is stored and the job added; the one who waits is told when it ends, or after the timeout. */
  function accept(api: Api, done: (reply: Reply) => void): void {
    const startedAt = agenda.now;
    api.machine.run(apiCosts.poolMs, () =>
      throughStore(storeCosts.putLatencyMs, PUT_SHARE, () =>
        redis.run(redisCosts.addMs, () => {
          const job: Job = { number: queue.added, addedAt: agenda.now, hasEnded: false, onEnd: undefined };
          let isAnswered = false;
          const answer = (ms: number, reply: Reply) => {
            if (isAnswered) return;
            isAnswered = true;
            onEventLoop(api, ms, () => agenda.after(hopMs, () => done(reply)));
          };
          // What it overheard of its own job is in the reply.
          job.onEnd = () => answer(Math.max(0, apiCosts.replyMs - apiCosts.overheardMs), { status: 200 });
          agenda.at(startedAt + syncTimeoutMs, () => {
            if (isAnswered) return;
            job.onEnd = undefined;
            answer(costs.refuseMs, {
              status: 202,
              pollAfterMs: FIRST_POLL_MS,
              poll: (told) => poll(api, job, told),
            });
          });
          queue.add(job);
        }),
      ),
    );
  }

  /** The gates of a benchmark are one process on the same machine. */
  const client = shared && createThread(shared);

  function atClient(done: () => void): void {
    if (client) client.run(costs.stores[store].clientMs / 2, done);
    else done();
  }

  function verify(done: (reply: Reply) => void): void {
    // As a load balancer does that takes turns.
    const api = apis[nextApi++ % apis.length] as Api;
    agenda.after(hopMs, () =>
      onEventLoop(api, costs.refuseMs, () => {
        const later = api.admission.refuse(syncTimeoutMs);
        if (later !== undefined) {
          agenda.after(hopMs, () => done({ status: 503, retryAfterMs: later * 1000 }));
          return;
        }
        onEventLoop(api, Math.max(0, apiCosts.acceptMs - costs.refuseMs), () => accept(api, done));
      }),
    );
  }

  return {
    queue,
    get expired() {
      return expired;
    },
    get polls() {
      return polls;
    },
    verify: (done) => atClient(() => verify((reply) => atClient(() => done(reply)))),
    usage: () => ({
      api: { usedMs: apis.reduce((sum, { thread }) => sum + thread.usedMs, 0), cores: apis.length },
      redis: { usedMs: redis.usedMs, cores: 1 },
      workers: { usedMs: workersUsedMs, cores: workers },
      store: { usedMs: storeUsedMs, cores: options.storeCores },
      link: { usedMs: link.usedMs, cores: 1 },
      ...(gpus.length > 0 && { gpu: { usedMs: gpus.reduce((sum, gpu) => sum + gpu.busyMs, 0), cores: gpus.length } }),
    }),
  };
}
