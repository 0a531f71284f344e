import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FaultReport } from './ledger.js';

const RESULTS = fileURLToPath(new URL('../../../test-results/', import.meta.url));
const ROWS = join(RESULTS, 'faults');

const HEAD = [
  '| fault | requests | accepted | exactly once | lost | wrong | refused | unanswered |',
  '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
];

/**
 * Puts a fault's report into the table in `test-results/faults.md`, in place of an earlier one of the same name. Test files
 * run in processes of their own, so that each row is a file and the table is made of all of them.
 */
export function reportFault(name: string, report: FaultReport): void {
  const { requests, accepted, exactlyOnce, lost, wrong, refused, unanswered } = report;
  const cells = [name, requests, accepted, exactlyOnce, lost, wrong, refused, unanswered];
  mkdirSync(ROWS, { recursive: true });
  replace(join(ROWS, `${name.replace(/[^A-Za-z0-9]+/g, '-')}.row`), `| ${cells.join(' | ')} |`);
  let table: string;
  do {
    table = tableOf(readdirSync(ROWS));
    replace(join(RESULTS, 'faults.md'), table);
    // Another process may have added its row meanwhile, and been overwritten by this table without it.
  } while (table !== tableOf(readdirSync(ROWS)));
}

function tableOf(names: readonly string[]): string {
  const rows = names.filter((name) => name.endsWith('.row')).map((name) => readFileSync(join(ROWS, name), 'utf8'));
  return `${[...HEAD, ...rows.sort(inNumberOrder)].join('\n')}\n`;
}

function inNumberOrder(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}

function replace(path: string, text: string): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}
