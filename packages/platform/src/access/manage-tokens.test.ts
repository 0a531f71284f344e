import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { chown, lstat, readdir, readFile, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../config.js';
import { createToken, listTokens, type NewToken, revokeToken } from './manage-tokens.js';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const DAY = 86_400_000;
const IS_SUPERUSER = process.geteuid?.() === 0;

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-tokens-'));
  file = join(folder, 'secrets', 'tokens.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

function asked(changes: Partial<NewToken> = {}): NewToken {
  return { name: 'north terminal', scopes: ['verify'], gates: [], expiresAt: undefined, ...changes };
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

describe('createToken', () => {
  it('keeps everything but the secret, for nobody else on this machine', async () => {
    const expiresAt = new Date(NOW + DAY);
    const request = asked({ scopes: ['verify', 'read', 'verify'], gates: ['north', 'south'], expiresAt });
    const { id, token } = await createToken(file, request, NOW);
    expect(token).toMatch(/^rc_[a-z2-7]{12}_[A-Za-z0-9_-]{43}$/);
    expect(token.startsWith(`rc_${id}_`)).toBe(true);
    expect(await listTokens(file, NOW)).toEqual([
      {
        id,
        name: 'north terminal',
        scopes: ['verify', 'read'],
        gates: ['north', 'south'],
        created_at: '2026-01-01T00:00:00.000Z',
        expires_at: '2026-01-02T00:00:00.000Z',
        state: 'active',
      },
    ]);
    const text = await readFile(file, 'utf8');
    const secret = token.slice(-43);
    const [{ salt, hash }] = JSON.parse(text).tokens;
    expect(text).not.toContain(secret);
    expect(text).not.toContain(Buffer.from(secret, 'base64url').toString('hex'));
    expect(hash).toBe(createHash('sha256').update(Buffer.from(salt, 'hex')).update(secret).digest('hex'));
    expect(await Promise.all([file, join(folder, 'secrets')].map(modeOf))).toEqual([0o600, 0o700]);
    expect(await readdir(join(folder, 'secrets'))).toEqual(['tokens.json']);
  });

  it('loses none of those that are made at the same time', async () => {
    const names = Array.from({ length: 12 }, (_, number) => `terminal ${number}`);
    await Promise.all(names.map((name) => createToken(file, asked({ name }))));
    const listed = await listTokens(file);
    expect(listed.map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(new Set(listed.map(({ id }) => id)).size).toBe(names.length);
  });

  it('takes a name again once its token is revoked or expired', async () => {
    const { id } = await createToken(file, asked({ expiresAt: new Date(NOW + DAY) }), NOW);
    await expect(createToken(file, asked(), NOW)).rejects.toThrow(`an active token named "north terminal" (${id})`);
    await createToken(file, asked(), NOW + DAY);
    await revokeToken(file, 'north terminal', NOW + DAY);
    await createToken(file, asked(), NOW + DAY);
    expect((await listTokens(file, NOW + DAY)).map(({ state }) => state)).toEqual(['expired', 'revoked', 'active']);
  });

  it.each([
    ['no scope', { scopes: [] }, 'verify, enroll, read, erase, admin'],
    ['an unknown scope', { scopes: ['verify', 'fly'] }, 'The scope "fly" cannot be used'],
    ['a gate that no terminal can name', { gates: ['north gate'] }, 'The gate "north gate" cannot be used: a gate is'],
    ['an empty name', { name: '' }, 'The name "" cannot be used'],
    ['a name with blanks around it', { name: ' north' }, 'The name " north" cannot be used'],
    ['a name that deceives a terminal', { name: 'north\u001b[2K' }, 'The name "north\\u001b[2K" cannot be used'],
    ['a name that is too long', { name: 'n'.repeat(65) }, 'up to 64 visible characters'],
    ['an expiry that is past', { expiresAt: new Date(NOW) }, 'would have expired at 2026-01-01T00:00:00.000Z'],
  ])('refuses %s, and makes nothing', async (_case, changes, sentence) => {
    const refused = createToken(file, asked(changes), NOW);
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(sentence);
    expect(await readdir(folder)).toEqual([]);
  });

  it('writes through a link', async () => {
    await createToken(file, asked());
    const link = join(folder, 'link.json');
    await symlink(file, link);
    await createToken(link, asked({ name: 'south' }));
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await listTokens(file)).toHaveLength(2);
  });

  it.runIf(IS_SUPERUSER)("leaves the file to the service's user when the superuser changes it", async () => {
    await createToken(file, asked());
    await chown(file, 4711, 4712);
    await createToken(file, asked({ name: 'south' }));
    expect(await stat(file)).toMatchObject({ uid: 4711, gid: 4712 });
    await unlink(file);
    await chown(join(folder, 'secrets'), 4713, 4714);
    await createToken(file, asked());
    expect(await stat(file)).toMatchObject({ uid: 4713, gid: 4714 });
  });

  it('names the file to delete after an interrupted command', async () => {
    await createToken(file, asked());
    const before = await readFile(file, 'utf8');
    await writeFile(`${file}.lock`, '');
    const stuck = createToken(file, asked({ name: 'south' }));
    await expect(stuck).rejects.toThrow(ConfigError);
    await expect(stuck).rejects.toThrow(`${file}.lock does not go away`);
    expect(await readFile(file, 'utf8')).toBe(before);
    await unlink(`${file}.lock`);
    await createToken(file, asked({ name: 'south' }));
  });

  it('does not write over a file that it cannot understand', async () => {
    await createToken(file, asked());
    await writeFile(file, '{ "version": 2, "tokens": [] }');
    await expect(createToken(file, asked({ name: 'south' }))).rejects.toThrow('version: ');
    expect(await readFile(file, 'utf8')).toBe('{ "version": 2, "tokens": [] }');
    expect(await readdir(join(folder, 'secrets'))).toEqual(['tokens.json']);
  });

  it('says what stands in its way', async () => {
    await writeFile(join(folder, 'secrets'), 'a file where a folder is needed');
    await expect(createToken(file, asked())).rejects.toThrow(ConfigError);
  });
});

describe('revokeToken', () => {
  it('takes an id, a name or the token itself, and keeps what it revokes', async () => {
    const first = await createToken(file, asked({ name: 'first' }), NOW);
    await createToken(file, asked({ name: 'second' }), NOW);
    const third = await createToken(file, asked({ name: 'third' }), NOW);
    await createToken(file, asked({ name: 'fourth' }), NOW);
    expect(await revokeToken(file, first.id, NOW + DAY)).toMatchObject({
      id: first.id,
      name: 'first',
      revoked_at: '2026-01-02T00:00:00.000Z',
      state: 'revoked',
    });
    await revokeToken(file, 'second');
    await revokeToken(file, third.token);
    const states = (await listTokens(file)).map(({ name, state }) => [name, state]);
    expect(states).toEqual([
      ['first', 'revoked'],
      ['second', 'revoked'],
      ['third', 'revoked'],
      ['fourth', 'active'],
    ]);
  });

  it('says that there is none, or no longer, without repeating a secret', async () => {
    const { id, token } = await createToken(file, asked(), NOW);
    await expect(revokeToken(file, 'south')).rejects.toThrow('No token has the id "south"');
    const stranger = token.replace(id, 'aaaaaaaaaaaa');
    await expect(revokeToken(file, stranger)).rejects.toThrow(/^No token has the id "aaaaaaaaaaaa", and/);
    await revokeToken(file, id, NOW);
    await expect(revokeToken(file, id)).rejects.toThrow('revoked already, since 2026-01-01T00:00:00.000Z');
  });
});

it('lists nothing where there is no file', async () => {
  expect(await listTokens(file)).toEqual([]);
});
