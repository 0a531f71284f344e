import type { ChildProcess } from 'node:child_process';
import { type ChildMetrics, createChildMetrics, createProcessMetrics } from '@rollcall/platform';
import { Counter, Gauge } from 'prom-client';

/** What a supervisor knows of its inference processes, added to what they tell themselves. */
export interface SupervisorMetrics extends ChildMetrics {
  /** Whether an inference process takes jobs. */
  isReady(): boolean;
}

export function createSupervisorMetrics(): SupervisorMetrics {
  const registry = createProcessMetrics('supervisor');
  const registers = [registry];
  const children = createChildMetrics(registry);
  const ready = new Set<ChildProcess>();
  new Gauge({
    name: 'rollcall_worker_processes',
    help: 'Inference processes of this worker that take jobs.',
    registers,
    collect() {
      this.set(ready.size);
    },
  });
  const exits = new Counter({
    name: 'rollcall_worker_process_exits_total',
    help: 'Inference processes of this worker that have ended, for whatever reason.',
    registers,
  });

  return {
    watch(child) {
      child.once('exit', () => {
        ready.delete(child);
        exits.inc();
      });
      child.on('message', (message) => {
        if (typeof message === 'object' && 'ready' in message) ready.add(child);
      });
      return children.watch(child);
    },
    collect: children.collect,
    isReady: () => ready.size > 0,
  };
}
