import { number, text } from '../shared/language.js';

/** Seconds as people say them: in the largest unit of which there are two, or one and a decimal. */
export function duration(seconds: number): string {
  if (seconds < 10) return text('unit.seconds', { value: number(seconds, 1) });
  if (seconds < 120) return text('unit.seconds', { value: number(seconds) });
  if (seconds < 7200) return text('unit.minutes', { value: number(seconds / 60) });
  if (seconds < 172_800) return text('unit.hours', { value: number(seconds / 3600) });
  return text('unit.days', { value: number(seconds / 86_400) });
}
