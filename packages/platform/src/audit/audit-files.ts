import { basename, dirname, join, parse } from 'node:path';

/**
 * The name that a full log gets: `audit-20260102T030405678Z-<chain>-<n>.jsonl`. It sorts by time, and has the chain because
 * two processes that rotate at once must never choose one name.
 */
export function rotatedName(file: string, time: Date, chain: string, n: number): string {
  const { dir, name, ext } = parse(file);
  return join(dir, `${name}-${stampOf(time)}-${chain}-${n}${ext}`);
}

/** Whether the file was renamed before `time`. The one that is being written never was. */
export function isRotatedBefore(file: string, path: string, time: Date): boolean {
  const stamp = path === file ? undefined : basename(path).slice(parse(file).name.length + 1);
  return stamp !== undefined && stamp < stampOf(time);
}

function stampOf(time: Date): string {
  return time.toISOString().replace(/[-:.]/g, '');
}

/** The files of the log among the names in its folder, oldest first, the one that is written last. */
export function auditFiles(file: string, names: readonly string[]): string[] {
  const { base, name, ext } = parse(file);
  const isRotated = (other: string) =>
    other.startsWith(`${name}-`) &&
    other.endsWith(ext) &&
    /^\d{8}T\d{9}Z-[0-9a-f]{16}-\d+$/.test(other.slice(name.length + 1, other.length - ext.length));
  const rotated = names.filter(isRotated).sort();
  return [...rotated, ...(names.includes(base) ? [base] : [])].map((found) => join(dirname(file), found));
}

/** Where a chain's head is kept. */
export function headFile(file: string, chain: string): string {
  return `${file}.${chain}.head`;
}

/** The chains that have a head file among the names in the log's folder. */
export function chainsWithHead(file: string, names: readonly string[]): string[] {
  const start = `${basename(file)}.`;
  return names
    .filter((name) => name.startsWith(start))
    .map((name) => /^([0-9a-f]{16})\.head$/.exec(name.slice(start.length))?.[1])
    .filter((chain) => chain !== undefined);
}
