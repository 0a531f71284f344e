import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { VERSION } from '../version.js';
import { observeEventLoopDelay } from './event-loop-delay.js';

/** prom-client's own that are left out: gauges named like counters, and lists of every open socket. */
const LEFT_OUT = ['handles', 'requests', 'resources'].flatMap((what) => [
  `nodejs_active_${what}`,
  `nodejs_active_${what}_total`,
]);

/** What runs in a process. */
export type ProcessName = 'api' | 'supervisor' | 'inference';

/** A registry with what every process of Rollcall tells of itself: processor time, memory, garbage collection, delays. */
export function createProcessMetrics(name: ProcessName): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const metric of LEFT_OUT) registry.removeSingleMetric(metric);
  observeEventLoopDelay(registry, name);
  new Gauge({
    name: 'rollcall_build_info',
    help: 'Always 1; the labels tell what runs.',
    labelNames: ['process', 'version', 'node'],
    aggregator: 'first',
    registers: [registry],
  }).set({ process: name, version: VERSION, node: process.version }, 1);
  return registry;
}
