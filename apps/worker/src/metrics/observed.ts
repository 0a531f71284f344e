import type { PhotoAnalyser } from '@rollcall/face-core';
import type { JobMetrics, Stage } from './job-metrics.js';

/** The same function; every call, whether or not it succeeds, counts as this stage. */
export function observed<A extends readonly unknown[], R>(
  metrics: Pick<JobMetrics, 'stage'>,
  stage: Stage,
  call: (...operands: A) => Promise<R>,
): (...operands: A) => Promise<R> {
  return async (...operands) => {
    const startedAt = performance.now();
    try {
      return await call(...operands);
    } finally {
      metrics.stage(stage, (performance.now() - startedAt) / 1000);
    }
  };
}

/** The same analyser, telling the time of each stage that a photo went through. */
export function observedAnalyser(metrics: Pick<JobMetrics, 'stage'>, analyser: PhotoAnalyser): PhotoAnalyser {
  return {
    ...analyser,
    async analyse(bytes) {
      const analysis = await analyser.analyse(bytes);
      for (const [stage, ms] of Object.entries(analysis.times)) {
        if (ms > 0) metrics.stage(stage as keyof typeof analysis.times, ms / 1000);
      }
      return analysis;
    },
  };
}
