import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createAuditLog } from '@rollcall/platform';
import { afterEach, beforeEach, expect, it } from 'vitest';

const COMMAND = new URL('../dist/audit.js', import.meta.url).href;

let folder: string;
let file: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-audit-'));
  file = join(folder, 'audit.jsonl');
  const log = createAuditLog({
    file,
    key: undefined,
    retentionDays: 365,
    onError: (error) => expect.fail(`${error}`),
  });
  await log.record({ action: 'verify', outcome: 'verified', employee: '1001', gate: 'north', distance: 0.41 });
  await log.record({ action: 'verify', outcome: 'not_matched', employee: 'Zoë 2', gate: 'south', distance: 0.9 });
  await log.record({ action: 'read', outcome: 'ok', token: 'office' });
  await log.close();
});
afterEach(() => rmSync(folder, { recursive: true }));

async function audit(...operands: string[]) {
  const script = `import { audit } from ${JSON.stringify(COMMAND)};
    try { process.exitCode = await audit(process.argv.slice(1)); }
    catch (error) { console.error(error.message); process.exitCode = error.name === 'ConfigError' ? 78 : 2; }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, '--', ...operands], {
    env: { DATA_DIR: folder },
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

it('verifies the log, and names what is wrong by file and line', async () => {
  expect(await audit('verify')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /audit\.jsonl: 5 lines of 1 chains, 0 redacted, .* to .*\n {2}last line: .*\n.*no problems\n$/,
    ),
  });
  writeFileSync(file, readFileSync(file, 'utf8').replace('"outcome":"not_matched"', '"outcome":"verified"'));
  expect(await audit('verify', file)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(`${file}:3: changed: the line is not as it was written\n`),
  });
  const { code, stdout } = await audit('verify', '--json');
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { problems: [{ file, line: 3, kind: 'changed' }] }]);
});

it('shows what fits, the newest last', async () => {
  const { stdout } = await audit('show');
  expect(stdout.trimEnd().split('\n')).toHaveLength(5);
  expect(stdout).toMatch(/^\S+ {2}verify {8}verified {2}employee=1001 {2}distance=0\.410 {2}gate=north$/m);
  const found = async (...operands: string[]) => {
    const { stdout } = await audit('show', '--json', ...operands);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line)).map(({ action, outcome }) => `${action} ${outcome}`);
  };
  expect(await found('--employee', 'Zoë 2')).toEqual(['verify not_matched']);
  expect(await found('--action', 'verify')).toEqual(['verify verified', 'verify not_matched']);
  expect(await found('--limit', '2')).toEqual(['read ok', 'closed ok']);
  expect(await found('--since', '2999-01-01')).toEqual([]);
});

it('redacts an employee', async () => {
  expect(await audit('redact', 'Zoë 2')).toMatchObject({ code: 0, stdout: '1 lines redacted\n' });
  expect(readFileSync(file, 'utf8')).not.toContain('Zoë');
  expect(await audit('verify')).toMatchObject({ code: 0 });
  expect((await audit('show', '--employee', 'Zoë 2')).stdout).toMatch(
    /not_matched {2}employee=\(redacted [0-9a-f]{32}\)/,
  );
});

it.each([
  [[], 'audit verify'],
  [['frobnicate'], 'audit verify'],
  [['redact'], 'Whom to redact?'],
  [['redact', '../1'], 'employee_id must have'],
  [['show', '--limit', '0'], '--limit must be'],
  [['show', '--since', 'yesterday'], '--since must be'],
  [['show', '--action', 'guess'], '--action must be one of verify, '],
  [['verify', 'nowhere/audit.jsonl'], 'There is no audit log'],
])('says what is wrong with %j', async (operands, message) => {
  expect(await audit(...operands)).toMatchObject({ code: 78, stderr: expect.stringContaining(message) });
});

it('says that the key is missing', async () => {
  unlinkSync(`${file}.key`);
  for (const task of [['verify'], ['show'], ['redact', '1001']]) {
    expect(await audit(...task)).toMatchObject({ code: 78, stderr: expect.stringContaining(`${file}.key`) });
  }
});
