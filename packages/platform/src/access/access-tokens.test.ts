import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCOPES } from '@rollcall/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../config.js';
import { type AccessTokens, allows, createAccessTokens } from './access-tokens.js';
import { createToken, type NewToken, revokeToken } from './manage-tokens.js';

/** Generous: the file is looked at every second. */
const SOON = { timeout: 20_000, interval: 50 };

let folder: string;
let file: string;
let errors: string[];
let readers: AccessTokens[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-access-'));
  file = join(folder, 'tokens.json');
  [errors, readers] = [[], []];
});
afterEach(() => {
  for (const reader of readers) reader.close();
  rmSync(folder, { recursive: true });
});

async function load(now?: () => number): Promise<AccessTokens> {
  const tokens = createAccessTokens(file, { onError: ({ message }) => errors.push(message), ...(now && { now }) });
  readers.push(tokens);
  await tokens.load();
  return tokens;
}

function create(name: string, changes: Partial<NewToken> = {}): Promise<{ id: string; token: string }> {
  return createToken(file, { name, scopes: ['verify'], gates: [], expiresAt: undefined, ...changes });
}

/** At once, for a reader may look between any two steps. */
async function replaceWith(text: string): Promise<void> {
  await writeFile(`${file}.next`, text);
  await rename(`${file}.next`, file);
}

describe('a token', () => {
  it('has its rights and nothing secret', async () => {
    const bound = await create('bound', { scopes: ['verify', 'read'], gates: ['north'] });
    const free = await create('free');
    const tokens = await load();
    expect(tokens.required()).toBe(true);
    expect(tokens.verify(bound.token)).toEqual({
      id: bound.id,
      name: 'bound',
      scopes: ['verify', 'read'],
      gates: ['north'],
    });
    expect(tokens.verify(free.token)).toEqual({ id: free.id, name: 'free', scopes: ['verify'], gates: [] });
  });

  it('is refused from its expiry on', async () => {
    const expiresAt = new Date(Date.now() + 3_600_000);
    const { token } = await create('brief', { expiresAt });
    let now = expiresAt.getTime() - 1;
    const tokens = await load(() => now);
    expect(tokens.verify(token)).toMatchObject({ name: 'brief' });
    now++;
    expect(tokens.verify(token)).toBeUndefined();
    expect(tokens.required()).toBe(true);
  });

  const SECRET = 'A'.repeat(43);
  it.each<[string, (token: string, id: string) => string]>([
    ['nothing', () => ''],
    ['an unknown id', (token, id) => token.replace(id, 'aaaaaaaaaaaa')],
    ['an id that every object has', () => `rc_constructor_${SECRET}`],
    ['another secret', (_, id) => `rc_${id}_${SECRET}`],
    ["another token's secret", (token, id) => `rc_${id}_${token.slice(-43).split('').reverse().join('')}`],
    ['no secret', (_, id) => `rc_${id}_`],
    ['only the id', (_, id) => id],
    ['only the secret', (token) => token.slice(-43)],
    ['another prefix', (token) => token.replace('rc_', 'sk_')],
    ['capital letters', (token) => token.toUpperCase()],
    ['a shorter secret', (token) => token.slice(0, -1)],
    ['a longer secret', (token) => `${token}A`],
    ['blanks around it', (token) => ` ${token} `],
    ['a line break after it', (token) => `${token}\n`],
    ['a second line', (token) => `x\n${token}`],
    ['padding', (token) => `${token}=`],
    ['a NUL', (token) => `${token}\0`],
    ['base64 instead of base64url', (_, id) => `rc_${id}_${'+/'.repeat(21)}+`],
    ['letters beyond ASCII', (_, id) => `rc_${id}_${'é'.repeat(43)}`],
    ['a megabyte', (token) => token + 'A'.repeat(1_000_000)],
    ['a megabyte of prefixes', () => 'rc_'.repeat(333_333)],
    ['another spelling of the same bytes', (token) => otherSpelling(token)],
  ])('is not %s', async (_case, present) => {
    const { id, token } = await create('real');
    const tokens = await load();
    const presented = present(token, id);
    expect(presented).not.toBe(token);
    expect(tokens.verify(presented)).toBeUndefined();
    expect(tokens.verify(token)).toBeDefined();
  });
});

/** The last of 43 letters carries four bits of the secret and two that a lenient decoder drops. */
function otherSpelling(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const spelt = token.slice(0, -1) + alphabet[alphabet.indexOf(token.slice(-1)) ^ 1];
  expect(Buffer.from(spelt.slice(-43), 'base64url')).toEqual(Buffer.from(token.slice(-43), 'base64url'));
  return spelt;
}

function twice(text: string): string {
  const { version, tokens } = JSON.parse(text);
  return JSON.stringify({ version, tokens: [...tokens, ...tokens] });
}

describe('allows', () => {
  it('gives a token its scopes, and admin all of them', () => {
    expect(SCOPES.filter((scope) => allows({ scopes: ['verify', 'read'] }, scope))).toEqual(['verify', 'read']);
    expect(SCOPES.filter((scope) => allows({ scopes: ['admin'] }, scope))).toEqual(SCOPES);
  });
});

describe('the file', () => {
  it('is not needed until it appears', async () => {
    const tokens = await load();
    expect(tokens.required()).toBe(false);
    const { token } = await create('first');
    await expect.poll(() => tokens.verify(token), SOON).toBeDefined();
    expect(tokens.required()).toBe(true);
    expect(errors).toEqual([]);
  });

  it('is followed by every reader', async () => {
    const [kept, revoked] = [await create('kept'), await create('revoked')];
    const all = [await load(), await load()];
    for (const tokens of all) expect(tokens.verify(revoked.token)).toBeDefined();
    await revokeToken(file, 'revoked');
    const added = await create('added');
    for (const tokens of all) {
      await expect.poll(() => tokens.verify(added.token), SOON).toBeDefined();
      expect(tokens.verify(revoked.token)).toBeUndefined();
      expect(tokens.verify(kept.token)).toBeDefined();
    }
  });

  it('lets nobody in when all its tokens are revoked, or it has none', async () => {
    const { id, token } = await create('only');
    await revokeToken(file, id);
    const tokens = await load();
    expect([tokens.required(), tokens.verify(token)]).toEqual([true, undefined]);
    await writeFile(file, '{ "version": 1, "tokens": [] }');
    expect((await load()).required()).toBe(true);
  });

  it('lets nobody in when it is deleted, until it is back', async () => {
    const { token } = await create('only');
    const tokens = await load();
    const aside = join(folder, 'aside.json');
    await rename(file, aside);
    await expect.poll(() => errors, SOON).toEqual([expect.stringContaining('has gone')]);
    expect([tokens.required(), tokens.verify(token)]).toEqual([true, undefined]);
    await rename(aside, file);
    await expect.poll(() => tokens.verify(token), SOON).toBeDefined();
    expect(errors).toHaveLength(1);
  });

  it('keeps its last good tokens while it is broken, and tells of each change once', async () => {
    const { token } = await create('only');
    const good = await readFile(file, 'utf8');
    const tokens = await load();
    await replaceWith(good.slice(0, 100));
    await expect.poll(() => errors, SOON).toEqual([expect.stringContaining('is not JSON')]);
    await replaceWith('{ "version": 1 }');
    await expect.poll(() => errors.slice(1), SOON).toEqual([expect.stringContaining('tokens: ')]);
    await symlink(folder, `${file}.next`);
    await rename(`${file}.next`, file);
    await expect.poll(() => errors.slice(2), SOON).toEqual([expect.stringContaining('EISDIR')]);
    expect(tokens.verify(token)).toBeDefined();
    await replaceWith(good);
    await revokeToken(file, 'only');
    await expect.poll(() => tokens.verify(token), SOON).toBeUndefined();
    expect(errors).toHaveLength(3);
  });

  it('lets nobody in when it appears broken', async () => {
    const tokens = await load();
    await replaceWith('not yet');
    await expect.poll(() => errors, SOON).toHaveLength(1);
    expect(tokens.required()).toBe(true);
    const added = await rm(file).then(() => create('first'));
    await expect.poll(() => tokens.verify(added.token), SOON).toBeDefined();
  });

  it('may be behind links that are led elsewhere, as mounted secrets are', async () => {
    const mount = join(folder, 'mount');
    for (const version of ['v1', 'v2']) mkdirSync(join(mount, version), { recursive: true });
    await symlink('v1', join(mount, '..data'));
    await symlink('..data/tokens.json', join(mount, 'tokens.json'));
    file = join(mount, 'v1', 'tokens.json');
    const first = await create('one');
    file = join(mount, 'v2', 'tokens.json');
    const second = await create('two');
    // Of the same size and time.
    for (const version of ['v1', 'v2']) await utimes(join(mount, version, 'tokens.json'), 1e9, 1e9);

    file = join(mount, 'tokens.json');
    const tokens = await load();
    expect(tokens.verify(first.token)).toBeDefined();
    await symlink('v2', join(mount, '..next'));
    await rename(join(mount, '..next'), join(mount, '..data'));
    await expect.poll(() => tokens.verify(second.token), SOON).toBeDefined();
    expect(tokens.verify(first.token)).toBeUndefined();
    expect(errors).toEqual([]);
  });

  it.each<[string, (text: string) => string, string]>([
    ['is empty', () => '', 'is not JSON'],
    ['is of another version', (text) => text.replace('"version": 1', '"version": 2'), 'version: '],
    ['has a misspelt field', (text) => text.replace('"created_at"', '"revokedAt": "x", "created_at"'), 'revokedAt'],
    ['has an unknown scope', (text) => text.replace('"verify"', '"fly"'), 'tokens.0.scopes.0: '],
    ['has a token without a scope', (text) => text.replace('"verify"', ''), 'tokens.0.scopes: '],
    ['has a wrong moment', (text) => text.replace(/"created_at": "[^"]*"/, '"created_at": "soon"'), 'created_at: '],
    ['has a short hash', (text) => text.replace(/"hash": "../, '"hash": "'), 'tokens.0.hash: must be 32 bytes in hex'],
    ['has an id twice', twice, 'tokens: two tokens have the same id'],
  ])('is a configuration error at the start when it %s', async (_case, spoil, sentence) => {
    await create('only');
    const text = await readFile(file, 'utf8');
    await writeFile(file, spoil(text));
    const failure = load();
    await expect(failure).rejects.toThrow(ConfigError);
    await expect(failure).rejects.toThrow(sentence);
    await expect(failure).rejects.not.toThrow(JSON.parse(text).tokens[0].hash);
  });
});
