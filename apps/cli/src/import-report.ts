import { writeFile } from 'node:fs/promises';
import type { EnrolledPhoto } from '@rollcall/contracts';
import { printJson } from './command.js';
import { createProgress } from './progress.js';

/** What became of one photo. */
export interface FileResult {
  readonly status: EnrolledPhoto['status'];
  /** Why it was refused, or what to look at, with what to do. */
  readonly findings: readonly { readonly reason: string; readonly advice: string }[];
}

interface Row {
  readonly photo: string;
  readonly status: string;
  readonly reasons: string;
  readonly advice: string;
}

export interface ImportReport {
  add(label: string, result: FileResult): void;
  /** Prints the summary, writes the report file if there is to be one, and returns how many were refused. */
  finish(): Promise<number>;
}

export interface ImportReportOptions {
  /** `.csv` or `.json`: receives what was refused or warned of. */
  readonly file: string | undefined;
  /** Print what became of every photo as one JSON document instead of a line per photo. */
  readonly json: boolean;
}

export function createImportReport(total: number, { file, json }: ImportReportOptions): ImportReport {
  const counts: Record<EnrolledPhoto['status'], number> = { added: 0, replaced: 0, unchanged: 0, refused: 0 };
  const rows: Row[] = [];
  const results: ({ readonly photo: string } & FileResult)[] = [];
  const progress = createProgress(total, 'photos', json ? process.stderr : process.stdout);
  return {
    add(label, { status, findings }) {
      counts[status]++;
      if (json)
        results.push({ photo: label, status, findings: findings.map(({ reason, advice }) => ({ reason, advice })) });
      const reasons = findings.map(({ reason }) => reason).join(' ');
      const advice = findings.map((finding) => finding.advice).join('; ');
      if (findings.length > 0) rows.push({ photo: label, status, reasons, advice });
      progress.line(`${status.padEnd(9)} ${label}${findings.length > 0 ? `  (${reasons}: ${advice})` : ''}`);
      progress.step();
    },
    async finish() {
      progress.stop();
      const parts = Object.entries(counts).map(([status, count]) => `${count} ${status}`);
      if (json) printJson({ photos: total, ...counts, results });
      else process.stdout.write(`${total} photos: ${parts.join(', ')}\n`);
      if (file) await writeFile(file, /\.json$/i.test(file) ? `${JSON.stringify(rows, null, 2)}\n` : toCsv(rows));
      return counts.refused;
    },
  };
}

/** RFC 4180. */
function toCsv(rows: readonly Row[]): string {
  const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;
  const lines = rows.map(({ photo, status, reasons, advice }) => [photo, status, reasons, advice].map(quote).join(','));
  return `${['photo,status,reasons,advice', ...lines].join('\r\n')}\r\n`;
}
