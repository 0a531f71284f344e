import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryFolder } from '../support/rollcall.js';
import { checkOutBaseline, isSameMachine, readBaseline, writeBaseline } from './baseline.js';

const zen4 = { processor: 'AMD EPYC (family 25, model 17)', cores: 2, memoryGb: 24, node: 'v20.20.2' };
let folder: ReturnType<typeof temporaryFolder>;

function git(...operands: string[]): string {
  const identity = ['-c', 'user.name=Somebody', '-c', 'user.email=somebody@example.org'];
  const { status, stdout, stderr } = spawnSync('git', [...identity, ...operands], {
    cwd: folder.path,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

function write(path: string, content: string): void {
  writeFileSync(join(folder.path, path), content);
}

/** A version that needs no packages; its build is what makes its program of the stages. */
const MANIFEST = { name: 'made-up', version: '1.0.0', type: 'module' };
const BUILD = `import { writeFileSync } from 'node:fs';
const program = "import { readFileSync, writeFileSync } from 'node:fs'; const file = 'test/bench-baseline.json';" +
  "const baseline = JSON.parse(readFileSync(file)); baseline.ratios.embed *= 2; writeFileSync(file, JSON.stringify(baseline));";
writeFileSync('test/dist/bench/stages.js', program);`;

function commitAll(): string {
  git('add', '--all');
  git('commit', '--quiet', '--message', 'x');
  return git('rev-parse', 'HEAD');
}

beforeEach(() => {
  folder = temporaryFolder();
  git('init', '--quiet');
  mkdirSync(join(folder.path, 'test', 'dist', 'bench'), { recursive: true });
  write('package.json', JSON.stringify({ ...MANIFEST, scripts: { build: 'node build.js' } }));
  write('package-lock.json', JSON.stringify({ ...MANIFEST, lockfileVersion: 3, packages: { '': MANIFEST } }));
  write('build.js', BUILD);
  write('test/dist/bench/.gitkeep', '');
});

afterEach(() => folder.remove());

it('takes ratios of another processor, or another Node, for those of another machine', () => {
  expect(isSameMachine(zen4, { ...zen4, cores: 64, node: 'v20.21.0' })).toBe(true);
  expect(isSameMachine(zen4, { ...zen4, processor: 'AMD EPYC (family 26, model 2)' })).toBe(false);
  expect(isSameMachine(zen4, { ...zen4, node: 'v24.0.0' })).toBe(false);
});

it('builds and measures the version that wrote the baseline, and nothing of it stays', () => {
  writeBaseline(folder.path, zen4, { embed: 0.55557, detect: 0.2 });
  const writer = commitAll();
  write('build.js', 'throw new Error("a later version")');
  commitAll();

  const version = checkOutBaseline(folder.path);
  expect(version.commit).toBe(writer);
  expect(version.measure().embed).toBeCloseTo(2 * 0.5556);
  version.remove();
  expect(git('worktree', 'list').split('\n')).toHaveLength(1);
  expect(readBaseline(folder.path).ratios).toEqual({ embed: 0.5556, detect: 0.2 });
});

it('says why there is nothing to compare with', () => {
  commitAll();
  expect(() => checkOutBaseline(folder.path)).toThrow(/no commit has/);
  writeBaseline(folder.path, zen4, { embed: 0.5 });
  write('build.js', 'throw new Error("broken")');
  commitAll();
  expect(() => checkOutBaseline(folder.path)).toThrow(/of the baseline: /);
  expect(git('worktree', 'list').split('\n')).toHaveLength(1);

  const clone = temporaryFolder();
  git('clone', '--quiet', '--depth', '1', `file://${folder.path}`, clone.path);
  expect(() => checkOutBaseline(clone.path)).toThrow(/shallow/);
  clone.remove();
});
