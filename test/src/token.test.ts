import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from './support/rollcall.js';
import { type Ended, runNode } from './support/run.js';

const CLI = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));
/** Exit status of a process that a person must help: EX_CONFIG. */
const CONFIGURATION = 78;

const TOKEN = /^rc_[a-z2-7]{12}_[A-Za-z0-9_-]{43}\n$/;

let folder: ReturnType<typeof temporaryFolder>;
let file: string;
beforeEach(() => {
  folder = temporaryFolder();
  file = join(folder.path, 'data', 'tokens.json');
});
afterEach(() => folder.remove());

function token(...operands: string[]): Promise<Ended> {
  return runNode(CLI, ['token', ...operands], { DATA_DIR: join(folder.path, 'data') });
}

async function listed(): Promise<Record<string, unknown>[]> {
  return JSON.parse((await token('list', '--json')).stdout);
}

describe('rollcall token create', () => {
  it('prints the token alone, and what is to be known of it beside', async () => {
    const { code, stdout, stderr } = await token(
      ...['create', '--name', 'North terminal', '--scopes', 'verify, read', '--gates', 'north,south'],
      ...['--expires', '2100-12-31'],
    );
    expect([code, stdout]).toEqual([0, expect.stringMatching(TOKEN)]);
    const [, id = '', ...secret] = stdout.trim().split('_');
    expect(stderr).toBe(
      `Token ${id} "North terminal" is for verify, read at north, south and expires at 2100-12-31T00:00:00.000Z.\n` +
        `It is shown only this once: keep it safe. Its hash is kept in ${file}\n`,
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain(secret.join('_'));
    expect(await listed()).toMatchObject([
      {
        id,
        name: 'North terminal',
        scopes: ['verify', 'read'],
        gates: ['north', 'south'],
        expires_at: '2100-12-31T00:00:00.000Z',
        state: 'active',
      },
    ]);
  });

  it('loses none when several run at once', async () => {
    const names = ['one', 'two', 'three', 'four'];
    const made = await Promise.all(names.map((name) => token('create', '--name', name, '--scopes', 'verify')));
    expect(made.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(made[0]?.stderr).toContain('is for verify at every gate and does not expire');
    expect((await listed()).map(({ name }) => name).sort()).toEqual([...names].sort());
  });

  it.each([
    ['12h', 12],
    ['90d', 90 * 24],
    ['2w', 14 * 24],
  ])('lets it expire after %s', async (span, hours) => {
    await token('create', '--name', 'brief', '--scopes', 'read', '--expires', span);
    const [{ created_at, expires_at } = {}] = await listed();
    const lifetime = Date.parse(`${expires_at}`) - Date.parse(`${created_at}`);
    expect(Math.round(lifetime / 3_600_000)).toBe(hours);
  });

  it.each([
    ['no name', ['--scopes', 'verify'], 'A token needs a name'],
    ['no scopes', ['--name', 'n'], 'scopes verify, enroll, read, erase, admin'],
    ['an unknown scope', ['--name', 'n', '--scopes', 'verify,fly'], 'The scope "fly" cannot be used'],
    ['a wrong gate', ['--name', 'n', '--scopes', 'verify', '--gates', 'north gate'], 'The gate "north gate"'],
    ['a wrong expiry', ['--name', 'n', '--scopes', 'verify', '--expires', 'soon'], '--expires must be a span such as'],
    ['a day that is none', ['--name', 'n', '--scopes', 'verify', '--expires', '2100-02-30'], '--expires must be'],
    ['no time at all', ['--name', 'n', '--scopes', 'verify', '--expires', '0d'], 'choose a time to come'],
    ['a past expiry', ['--name', 'n', '--scopes', 'verify', '--expires', '2020-01-01T10:00:00+02:00'], '2020-01-01T08'],
    ['an unknown option', ['--name', 'n', '--scope', 'verify'], '--scope'],
  ])('says what is wrong with %s', async (_case, operands, sentence) => {
    const { code, stdout, stderr } = await token('create', ...operands);
    expect([code, stdout, stderr]).toEqual([CONFIGURATION, '', expect.stringContaining(sentence)]);
  });

  it('does not give a name twice', async () => {
    await token('create', '--name', 'north', '--scopes', 'verify');
    const { code, stderr } = await token('create', '--name', 'north', '--scopes', 'verify');
    expect([code, stderr]).toEqual([CONFIGURATION, expect.stringContaining('an active token named "north"')]);
  });
});

describe('rollcall token list and revoke', () => {
  it('show what has become of each token', async () => {
    expect((await token('list')).stdout).toBe('ID  NAME  SCOPES  GATES  CREATED  EXPIRES  STATE\n');
    const { stdout } = await token('create', '--name', 'north', '--scopes', 'verify');
    await token('create', '--name', 'south', '--scopes', 'admin', '--gates', 'south');
    const id = stdout.split('_')[1] ?? '';
    expect(await token('revoke', id)).toEqual({
      code: 0,
      stdout: `Token ${id} "north" is revoked; running APIs refuse it within seconds.\n`,
      stderr: '',
    });
    const lines = (await token('list')).stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
      ['ID', 'NAME', 'SCOPES', 'GATES', 'CREATED', 'EXPIRES', 'STATE'],
      [id, 'north', 'verify', 'every', expect.stringMatching(/^20.*Z$/), 'never', 'revoked'],
      [expect.any(String), 'south', 'admin', 'south', expect.stringMatching(/^20.*Z$/), 'never', 'active'],
    ]);
    // The columns stand below each other.
    expect(new Set(lines.map((line) => line.search(/(STATE|revoked|active)$/))).size).toBe(1);
    expect(await token('revoke', id)).toMatchObject({
      code: CONFIGURATION,
      stderr: expect.stringContaining('already'),
    });
  });

  it.each([
    ['no command', [], 'rollcall token create --name'],
    ['an unknown command', ['constructor'], 'rollcall token create --name'],
    ['nothing to revoke', ['revoke'], 'Revoke which one?'],
    ['two to revoke', ['revoke', 'a', 'b'], 'Revoke which one?'],
    ['an unknown token', ['revoke', 'north'], 'No token has the id "north"'],
    ['an operand too many', ['list', 'all'], 'all'],
  ])('say what is wrong with %s', async (_case, operands, sentence) => {
    const { code, stdout, stderr } = await token(...operands);
    expect([code, stdout, stderr]).toEqual([CONFIGURATION, '', expect.stringContaining(sentence)]);
  });

  it('say what is wrong with the file', async () => {
    await token('create', '--name', 'north', '--scopes', 'verify');
    writeFileSync(file, '{}');
    for (const operands of [['list'], ['revoke', 'north'], ['create', '--name', 'south', '--scopes', 'read']]) {
      const { code, stderr } = await token(...operands);
      expect([code, stderr]).toEqual([CONFIGURATION, expect.stringContaining(`${file} is wrong:\n  version: `)]);
    }
  });
});
