import { Histogram, type Registry } from 'prom-client';

const SAMPLE_EVERY_MS = 100;
const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/**
 * How late timers run: how long a process is busy before it comes to what is next. A histogram and not prom-client's
 * quantiles, because those start anew at every scrape and cannot be added up over processes.
 */
export function observeEventLoopDelay(registry: Registry, name: string): void {
  const histogram = new Histogram({
    name: 'rollcall_event_loop_delay_seconds',
    help: 'How late a timer ran, sampled ten times a second, by process: api, supervisor or inference.',
    labelNames: ['process'],
    buckets: BUCKETS,
    registers: [registry],
  });
  let due = performance.now() + SAMPLE_EVERY_MS;
  setInterval(() => {
    const now = performance.now();
    histogram.observe({ process: name }, Math.max(0, now - due) / 1000);
    due = now + SAMPLE_EVERY_MS;
  }, SAMPLE_EVERY_MS).unref();
}
