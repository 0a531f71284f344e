import type { AuditProblem, Claim, Run, Scan, TrimmedRun } from './scan.js';

/** What is there of one chain. */
interface Chain {
  readonly runs: Run[];
  readonly trimmed: TrimmedRun[];
  /** The furthest of them. */
  claim: Claim | undefined;
  /** The first `seq` that is not there. */
  next: number;
}

/**
 * Puts the lines of every chain together, whichever files they are in, and holds its end against what is claimed of it.
 * @param headClaims from head files.
 * @param living chains that have a head file, whose end may still come.
 */
export function joinChains(
  scans: readonly Scan[],
  headClaims: readonly Claim[],
  living: ReadonlySet<string>,
): { readonly problems: AuditProblem[]; readonly torn: number } {
  const chains = new Map<string, Chain>();
  const chainOf = (name: string) => {
    const chain = chains.get(name) ?? { runs: [], trimmed: [], claim: undefined, next: 0 };
    chains.set(name, chain);
    return chain;
  };
  for (const run of scans.flatMap(({ runs }) => runs)) chainOf(run.chain).runs.push(run);
  for (const run of scans.flatMap(({ trimmed }) => trimmed)) chainOf(run.chain).trimmed.push(run);
  for (const claim of [...headClaims, ...scans.flatMap(({ claims }) => claims)]) {
    const chain = chainOf(claim.chain);
    if (claim.seq > (chain.claim?.seq ?? -2)) chain.claim = claim;
  }

  const problems = [...chains].flatMap(([name, chain]) => [
    ...joinRuns(chain),
    ...checkEnd(name, chain, living.has(name)),
  ]);
  let torn = 0;
  for (const line of scans.flatMap((scan) => scan.torn)) {
    const chain = line.chain === undefined ? undefined : chains.get(line.chain);
    // A process that died in its last line has left nothing after it, and nobody knew of the line.
    const isLast = !chain || (chain.next === line.seq && !isClosed(chain) && (chain.claim?.seq ?? -1) < line.seq);
    if (isLast) torn++;
    else problems.push({ ...line.at, kind: 'changed', message: 'the line is damaged or cut off' });
  }
  return { problems, torn };
}

function joinRuns(chain: Chain): AuditProblem[] {
  const problems: AuditProblem[] = [];
  let before: Run | undefined;
  const all = [...chain.runs, ...chain.trimmed].sort((a, b) => a.first - b.first);
  for (const run of all) {
    if (run.first > chain.next) {
      const message = `${countOf(run.first - chain.next)} of chain ${run.chain} before this one removed`;
      problems.push({ ...run.at, kind: 'removed', message });
    }
    if (!run.isTrimmed) {
      const isTwice = before && run.first <= before.last;
      const isStrange = before?.last === run.first - 1 && before.hash && run.prev && run.prev !== before.hash;
      if (isTwice || isStrange) {
        const message = isTwice ? 'these lines are also elsewhere' : 'the line does not follow the one before it';
        problems.push({ ...run.at, kind: 'inserted', message });
      }
      before = run;
    }
    chain.next = Math.max(chain.next, run.last + 1);
  }
  return problems;
}

function checkEnd(name: string, chain: Chain, isLiving: boolean): AuditProblem[] {
  const { runs, claim, next } = chain;
  const missing = claim ? claim.seq + 1 - next : 0;
  const end = runs.find(({ last }) => last === next - 1)?.lastAt;
  if (claim && missing > 0) {
    return end
      ? [{ ...end, kind: 'end_missing', message: `${countOf(missing)} of chain ${name} after this one removed` }]
      : [{ ...claim.by, kind: 'chain_missing', message: `chain ${name} is removed, ${countOf(missing)}` }];
  }
  if (!end || claim || isLiving || isClosed(chain)) return [];
  return [
    { ...end, kind: 'end_missing', message: `chain ${name} has no end after this line, and nobody knows its head` },
  ];
}

function isClosed({ runs }: Chain): boolean {
  return runs.some((run) => run.isClosed);
}

function countOf(lines: number): string {
  return lines === 1 ? '1 line' : `${lines} lines`;
}
