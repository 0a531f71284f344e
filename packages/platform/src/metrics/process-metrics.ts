import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { VERSION } from '../version.js';
import { observeEventLoopDelay } from './event-loop-delay.js';

/** prom-client's own that are left out: gauges named like counters, and lists of every open socket. */
const LEFT_OUT = ['handles', 'requests', 'resources'].flatMap((what) => [
  `nodejs_active_${what}`,
  `nodejs_active_${what}_total`,
]);

/** A registry with what every process of Rollcall tells of itself: processor time, memory, garbage collection, delays. */
export function createProcessMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of LEFT_OUT) registry.removeSingleMetric(name);
  observeEventLoopDelay(registry);
  new Gauge({
    name: 'rollcall_build_info',
    help: 'Always 1; the labels tell what runs.',
    labelNames: ['version', 'node'],
    aggregator: 'first',
    registers: [registry],
  }).set({ version: VERSION, node: process.version }, 1);
  return registry;
}
