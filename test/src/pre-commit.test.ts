import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from './support/sources.js';

describe('the pre-commit hook', () => {
  let clone: string;
  const git = (...words: string[]) => execFileSync('git', words, { cwd: clone, stdio: 'pipe' });
  const runHook = () => spawnSync('sh', ['-e', '.husky/pre-commit'], { cwd: clone, encoding: 'utf8' });

  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'rollcall-hook-'));
    for (const name of ['.husky/pre-commit', 'biome.json', '.gitignore']) cpSync(join(ROOT, name), join(clone, name));
    symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
    git('init', '--quiet');
  });
  afterEach(() => rmSync(clone, { recursive: true }));

  it('lets through what is formatted, and stops what is not', () => {
    writeFileSync(join(clone, 'tidy.ts'), "export const word = 'tidy';\n");
    git('add', 'tidy.ts');
    expect(runHook()).toMatchObject({ status: 0 });

    writeFileSync(join(clone, 'untidy.ts'), 'export const word="untidy"\n');
    expect(runHook()).toMatchObject({ status: 0 });
    git('add', 'untidy.ts');
    const refused = runHook();
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain('untidy.ts');
  });
});
