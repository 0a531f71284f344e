import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/rollcall.js';
import type { Machine } from './machine.js';
import type { StageRatios } from './stage-ratios.js';

const FILE = 'test/bench-baseline.json';
const STAGES_PROGRAM = 'test/dist/bench/stages.js';
const TIMEOUT_MS = 900_000;

/** The committed ratios, and on what they were measured. */
export interface Baseline extends Pick<Machine, 'processor' | 'cores' | 'node'> {
  readonly ratios: StageRatios;
}

export function readBaseline(root: string): Baseline {
  return JSON.parse(readFileSync(join(root, FILE), 'utf8')) as Baseline;
}

export function writeBaseline(root: string, { processor, cores, node }: Machine, ratios: StageRatios): void {
  const rounded = Object.fromEntries(Object.entries(ratios).map(([name, ratio]) => [name, Number(ratio.toFixed(4))]));
  const baseline: Baseline = { processor, cores, node, ratios: rounded };
  writeFileSync(join(root, FILE), `${JSON.stringify(baseline, null, 2)}\n`);
}

/**
 * Whether ratios of the baseline's machine hold on this one. Another processor changes them by far more than a quarter: the
 * networks gain from wide vectors, and what surrounds them does not.
 */
export function isSameMachine(baseline: Pick<Machine, 'processor' | 'node'>, machine: Machine): boolean {
  const major = ({ node }: Pick<Machine, 'node'>) => node.split('.')[0];
  return baseline.processor === machine.processor && major(baseline) === major(machine);
}

/** The version that the baseline was written with, built beside this one to be measured on this machine. */
export interface BaselineVersion {
  readonly commit: string;
  measure(): StageRatios;
  remove(): void;
}

/**
 * @throws {Error} when the history does not reach back to the commit that wrote the baseline, or that cannot be built.
 */
export function checkOutBaseline(root: string): BaselineVersion {
  if (run('git', ['rev-parse', '--is-shallow-repository'], root) === 'true') {
    throw new Error('the history is cut off (a shallow clone); fetch all of it, so that the baseline can be measured');
  }
  const commit = run('git', ['log', '-1', '--format=%H', '--', FILE], root);
  if (commit === '') throw new Error(`no commit has ${FILE}, so that there is no version to compare with`);
  const folder = temporaryFolder();
  const tree = join(folder.path, 'baseline');
  run('git', ['worktree', 'add', '--detach', tree, commit], root);
  const remove = () => {
    run('git', ['worktree', 'remove', '--force', tree], root);
    folder.remove();
  };
  try {
    run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], tree);
    run('npm', ['run', 'build'], tree);
  } catch (error) {
    remove();
    throw error;
  }
  return {
    commit,
    measure() {
      run(process.execPath, [STAGES_PROGRAM, '--update'], tree);
      return readBaseline(tree).ratios;
    },
    remove,
  };
}

function run(program: string, operands: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, operands, {
    cwd,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  if (status !== 0) {
    const reason = error?.message ?? stderr.trim().split('\n').slice(-3).join(' ');
    throw new Error(`${program} ${operands.slice(0, 2).join(' ')} of the baseline: ${reason}`);
  }
  return stdout.trim();
}
