import type { Finding, Status } from './check.js';

/** Green, yellow, red. Node's own styleText would colour nothing when standard output is no terminal, as in tests. */
const COLOURS = { ok: 32, warning: 33, failed: 31 } as const satisfies Record<Status, number>;

/** The worst of all findings. */
export function verdictOf(findings: readonly Finding[]): Status {
  const found = new Set(findings.map(({ status }) => status));
  return (['failed', 'warning'] as const).find((status) => found.has(status)) ?? 'ok';
}

/** A line per finding, below it how to mend it, and a sum. */
export function tableOf(findings: readonly Finding[], isColoured: boolean): string {
  const paint = (status: Status, text: string) => (isColoured ? `\u001b[${COLOURS[status]}m${text}\u001b[39m` : text);
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ name, status, seen, mend }) => [
    `${paint(status, status.padEnd(7))}  ${name.padEnd(width)}  ${seen}`,
    ...(mend === null ? [] : [`${''.padEnd(7)}  ${''.padEnd(width)}  → ${mend}`]),
  ]);
  const counts = (['ok', 'warning', 'failed'] as const).map((status) => {
    const count = findings.filter((finding) => finding.status === status).length;
    return `${count} ${status}`;
  });
  return `${[...lines, '', paint(verdictOf(findings), `${findings.length} checks: ${counts.join(', ')}`)].join('\n')}\n`;
}
