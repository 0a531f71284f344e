import type { QualityFinding, WireFaceQuality } from '@rollcall/contracts';
import { make } from '../shared/dom.js';
import { number, text } from '../shared/language.js';

export type Measure = keyof WireFaceQuality;

/** How each is told, in the order of how much somebody before a camera can change it. */
const FORMATS: Readonly<Record<Measure, (value: number) => string>> = {
  face_size: (value) => `${number(value)} px`,
  yaw: (value) => `${number(Math.abs(value))}°`,
  roll: (value) => `${number(Math.abs(value))}°`,
  brightness: (value) => number(value),
  overexposed: (value) => `${number(value * 100)} %`,
  sharpness: (value) => number(value, 2),
  contrast: (value) => number(value),
  inside: (value) => `${number(value * 100)} %`,
  detection_score: (value) => `${number(value * 100)} %`,
  embedding_norm: (value) => number(value, 1),
};

/** A measure's value as people read it. */
export function measured(measure: string | null, value: number | null): string | null {
  return value !== null && isMeasure(measure) ? FORMATS[measure](value) : null;
}

function isMeasure(name: string | null): name is Measure {
  return name !== null && name in FORMATS;
}

export interface Judged {
  readonly quality: WireFaceQuality;
  readonly refusals: readonly QualityFinding[];
  readonly warnings: readonly QualityFinding[];
}

/** Every measure with its value and whether it will do, in words, not by colour alone. */
export function measureList({ quality, refusals, warnings }: Judged): HTMLElement[] {
  const concerns = (findings: readonly QualityFinding[], name: string) =>
    findings.some(({ measure }) => measure === name);
  return (Object.keys(FORMATS) as Measure[]).map((name) => {
    const state = concerns(refusals, name) ? 'refused' : concerns(warnings, name) ? 'warned' : 'ok';
    return make(
      'div',
      { data: { state } },
      make('dt', { textContent: text(`measure.${name}`) }),
      make('dd', { textContent: FORMATS[name](quality[name]) }),
      make('dd', { textContent: text(`measure.${state}`) }),
    );
  });
}
