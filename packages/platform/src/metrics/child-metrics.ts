import type { ChildProcess } from 'node:child_process';
import { AggregatorRegistry, type Registry } from 'prom-client';

type Metrics = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

interface Question {
  readonly metricsWanted: number;
}

interface Answer {
  readonly metricsAnswered: number;
  readonly metrics: Metrics;
}

/** A process that does not answer in time is told of as it was last. */
const ANSWER_TIMEOUT_MS = 2_000;

/** The metrics of a process and its child processes, as if they were one. */
export interface ChildMetrics {
  /** From now on the child's metrics count; what it has counted stays counted when it has ended. @returns the child */
  watch(child: ChildProcess): ChildProcess;
  /** In Prometheus' text format. */
  collect(): Promise<string>;
}

/**
 * Asks the child processes over their IPC channels ({@link answerMetrics} is the other side) and adds up. Counters and
 * histograms of children that have ended are kept as they were last told, so that no sum that was told ever goes back; what a
 * child has counted since then is lost with it.
 */
export function createChildMetrics(own: Registry, { timeoutMs = ANSWER_TIMEOUT_MS } = {}): ChildMetrics {
  const latest = new Map<ChildProcess, Metrics>();
  const waiting = new Map<number, () => void>();
  let ended: Promise<Metrics> = Promise.resolve([]);
  let questions = 0;

  function ask(child: ChildProcess): Promise<void> {
    if (!child.connected) return Promise.resolve();
    return new Promise((resolve) => {
      const id = ++questions;
      const timer = setTimeout(finish, timeoutMs);
      function finish(): void {
        clearTimeout(timer);
        child.off('exit', finish);
        waiting.delete(id);
        resolve();
      }
      waiting.set(id, finish);
      child.once('exit', finish);
      child.send({ metricsWanted: id } satisfies Question, (error) => error && finish());
    });
  }

  return {
    watch(child) {
      latest.set(child, []);
      child.on('message', (message) => {
        if (!isAnswer(message)) return;
        if (latest.has(child)) latest.set(child, message.metrics);
        waiting.get(message.metricsAnswered)?.();
      });
      child.once('exit', () => {
        const last = (latest.get(child) ?? []).filter(isSum);
        latest.delete(child);
        // Added up at once, so that any number of deaths takes no more room than one.
        ended = ended.then((before) => AggregatorRegistry.aggregate([before, last]).getMetricsAsJSON());
      });
      return child;
    },

    async collect() {
      await Promise.all([...latest.keys()].map(ask));
      const lists = await Promise.all([own.getMetricsAsJSON(), ended, ...latest.values()]);
      return AggregatorRegistry.aggregate(lists).metrics();
    },
  };
}

/** In a child process: answers its parent's {@link createChildMetrics}. */
export function answerMetrics(registry: Registry): void {
  process.on('message', async (message) => {
    if (!isQuestion(message)) return;
    const metrics = await registry.getMetricsAsJSON();
    // The parent may have gone meanwhile.
    process.send?.(
      { metricsAnswered: message.metricsWanted, metrics } satisfies Answer,
      undefined,
      {},
      () => undefined,
    );
  });
}

/** Whether it only ever grows; a gauge of a process that is gone says nothing. */
function isSum({ type }: Metrics[number]): boolean {
  return ['counter', 'histogram'].includes(String(type));
}

function isQuestion(message: unknown): message is Question {
  return typeof message === 'object' && message !== null && 'metricsWanted' in message;
}

function isAnswer(message: unknown): message is Answer {
  return typeof message === 'object' && message !== null && 'metricsAnswered' in message;
}
