import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError } from '../config.js';
import { auditFiles, chainsWithHead, headFile } from './audit-files.js';
import { type AuditKeyOptions, readAuditKey } from './audit-key.js';
import { everyFile } from './every-file.js';
import { type Head, readHead } from './heads.js';
import { joinChains } from './join-chains.js';
import { type AuditProblem, type Claim, latest, type Mark, type Scan } from './scan.js';
import { scanFile } from './scan-file.js';
import { createSeal, type Seal } from './seal.js';

export interface AuditFileSummary {
  readonly file: string;
  readonly lines: number;
  /** ISO times of the oldest and the newest line. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly chains: number;
  readonly redacted: number;
  /** The last line, to compare with a later verification or a copy. */
  readonly head: Head | undefined;
}

export interface AuditReport {
  readonly files: readonly AuditFileSummary[];
  readonly lines: number;
  readonly chains: number;
  /** Lines that a process that died did not write to their end. Nothing is missing with them. */
  readonly torn: number;
  readonly problems: readonly AuditProblem[];
  /** How many more problems there are. */
  readonly moreProblems: number;
  /** False when no line at all fits the key. */
  readonly isKeyRight: boolean;
}

const MAX_PROBLEMS = 1000;
const MAX_ATTEMPTS = 5;

/**
 * Checks every file of the log, which may be written meanwhile.
 * @throws {ConfigError} when there is no log, or not its key.
 */
export async function verifyAudit({ file, key }: AuditKeyOptions): Promise<AuditReport> {
  await requireLog(file);
  const seal = createSeal(readAuditKey({ file, key }));
  for (let attempt = 1; ; attempt++) {
    const before = await sizesOf(file);
    const report = await verifyOnce(file, seal);
    // What was read before and after a write need not fit together.
    const isSettled = report.problems.length === 0 || before === (await sizesOf(file));
    if (isSettled || attempt === MAX_ATTEMPTS) return report;
  }
}

async function sizesOf(file: string): Promise<string> {
  const sizes: string[] = [];
  for await (const { path, handle } of everyFile(file, 'r')) sizes.push(`${path} ${(await handle.stat()).size}`);
  return sizes.join();
}

async function verifyOnce(file: string, seal: Seal): Promise<AuditReport> {
  // Heads first: the lines that a head vouches for are in the files by then.
  const heads = await readHeads(file, seal);
  const scans: Scan[] = [];
  let lines = 0;
  for await (const open of everyFile(file, 'r')) {
    const scan = await scanFile(open, seal, lines);
    lines += scan.lines;
    scans.push(scan);
  }
  const { problems: broken, torn } = joinChains(scans, heads.claims, new Set(await headsOf(file)));
  const problems = [
    ...heads.problems,
    ...scans.flatMap((scan) => scan.problems),
    ...broken,
    ...unexplainedRedactions(scans),
  ];
  return {
    files: scans.map(summaryOf),
    lines,
    chains: new Set(scans.flatMap(({ runs }) => runs.map(({ chain }) => chain))).size,
    torn,
    problems: problems.slice(0, MAX_PROBLEMS),
    moreProblems: Math.max(0, problems.length - MAX_PROBLEMS) + sum(scans.map((scan) => scan.moreProblems)),
    isKeyRight: lines === 0 || scans.some(({ soundLines }) => soundLines > 0),
  };
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

function summaryOf({ file, lines, from, to, runs, redactedLines, last }: Scan): AuditFileSummary {
  const chains = new Set(runs.map(({ chain }) => chain)).size;
  const head = last && { chain: last.chain, seq: last.seq, hash: last.hash };
  return { file, lines, from, to, chains, redacted: redactedLines, head };
}

/** @throws {ConfigError} when there is nothing of a log. */
export async function requireLog(file: string): Promise<void> {
  const names = await readdir(dirname(file)).catch(() => []);
  if (auditFiles(file, names).length > 0 || chainsWithHead(file, names).length > 0) return;
  throw new ConfigError(`There is no audit log ${file}. Name the file, or set DATA_DIR or AUDIT_LOG_FILE.`);
}

async function headsOf(file: string): Promise<string[]> {
  return chainsWithHead(file, await readdir(dirname(file)));
}

async function readHeads(file: string, seal: Seal): Promise<{ claims: Claim[]; problems: AuditProblem[] }> {
  const claims: Claim[] = [];
  const problems: AuditProblem[] = [];
  for (const chain of await headsOf(file)) {
    const by = { file: headFile(file, chain), line: null };
    const found = await readHead(file, seal, chain);
    if (found?.head) claims.push({ chain, seq: found.head.seq, by });
    else if (found) {
      problems.push({ ...by, kind: 'changed', message: 'the head of the chain is not as it was written' });
    }
  }
  return { claims, problems };
}

/** An overwritten id is one that was erased after the line was written. */
function unexplainedRedactions(scans: readonly Scan[]): AuditProblem[] {
  const erasures = new Map<string, Mark>();
  for (const [ref, mark] of scans.flatMap((scan) => [...scan.erasures])) {
    erasures.set(ref, latest(erasures.get(ref), mark));
  }
  return scans
    .flatMap(({ redactions }) => [...redactions])
    .filter(([ref, { time, ordinal }]) => {
      const erasure = erasures.get(ref);
      return !erasure || (erasure.ordinal < ordinal && erasure.time <= time);
    })
    .map(([, { at }]) => ({
      ...at,
      kind: 'changed',
      message: "the employee's id is overwritten, but no erasure follows",
    }));
}
