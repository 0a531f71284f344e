import type { PhotoSizeReport } from './report.js';
import { addStages, totalOf } from './stage-cpu.js';
import type { StageRound } from './stage-pass.js';
import { PIPELINE_STAGES, STAGES } from './stage-rules.js';
import { median } from './statistics.js';

/** Processor time of a stage ÷ that of the whole bare pipeline, by name of the stage. Without units, so machines can differ. */
export type StageRatios = Readonly<Record<string, number>>;

/**
 * Medians over the rounds. Of the whole system: each stage, Redis in `queue`, and `everything`. Of the bare pipeline: each of
 * its own stages as `bare: …`, which add up to 1. And what a 12-megapixel photo costs of a small one.
 */
export function stageRatios(rounds: readonly StageRound[], photoSizes: PhotoSizeReport): StageRatios {
  const each = rounds.map(ratiosOf);
  const names = Object.keys(each[0] ?? {});
  const medians = names.map((name) => [name, median(each.map((ratios) => ratios[name] ?? Number.NaN))] as const);
  return { ...Object.fromEntries(medians), '12 MP ÷ 640×480': photoSizes.ratio };
}

function ratiosOf({ bare, api, workers, others }: StageRound): Record<string, number> {
  const { Redis = 0, supervisors = 0 } = others;
  const bareMs = totalOf(bare);
  const system = { ...addStages(api, workers) };
  const measured = { ...system, queue: system.queue + Redis, other: system.other + supervisors };
  return {
    ...Object.fromEntries(STAGES.map((stage) => [stage, measured[stage] / bareMs])),
    everything: totalOf(measured) / bareMs,
    ...Object.fromEntries(PIPELINE_STAGES.map((stage) => [`bare: ${stage}`, bare[stage] / bareMs])),
  };
}
