import type { Row } from './attack.js';

const WIDTHS = { attack: 48, expected: 44 };

/** For a person; ends with a count of the verdicts. */
export function tableOf(rows: readonly Row[]): string {
  const line = ({ attack, expected, got, verdict }: Record<keyof Row, string>) =>
    `${verdict.padEnd(9)} ${cell(attack, WIDTHS.attack)} ${cell(expected, WIDTHS.expected)} ${got}`;
  const count = (wanted: Row['verdict']) => rows.filter(({ verdict }) => verdict === wanted).length;
  return [
    line({ verdict: '', attack: 'attack', expected: 'expected', got: 'got' }),
    ...rows.map(line),
    '',
    `${count('ok')} ok, ${count('FAILED')} FAILED, ${count('left out')} left out`,
    '',
  ].join('\n');
}

function cell(text: string, width: number): string {
  return (text.length > width ? `${text.slice(0, width - 1)}…` : text).padEnd(width);
}
