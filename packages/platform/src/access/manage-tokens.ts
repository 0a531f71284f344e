import { gateSchema, SCOPES, scopeSchema } from '@rollcall/contracts';
import type { z } from 'zod';
import { ConfigError } from '../config.js';
import { makeToken, parseToken } from './token.js';
import { readTokens, type StoredToken, tokenNameSchema, updateTokens } from './token-file.js';

/** What a person asks for; it is checked. */
export interface NewToken {
  readonly name: string;
  readonly scopes: readonly string[];
  /** Empty: for every gate. */
  readonly gates: readonly string[];
  /** Undefined: it does not expire. */
  readonly expiresAt: Date | undefined;
}

export type TokenState = 'active' | 'expired' | 'revoked';

/** What may be told of a token. */
export interface TokenListing extends Omit<StoredToken, 'salt' | 'hash'> {
  readonly state: TokenState;
}

/**
 * Adds a token to the file, which is made when it is missing. This is the only time that the token is known.
 * @param now in milliseconds since the epoch
 * @throws {ConfigError} when the request makes no sense, the name is taken by an active token, or the file cannot be used.
 */
export async function createToken(
  file: string,
  request: NewToken,
  now = Date.now(),
): Promise<{ readonly id: string; readonly token: string }> {
  const { id, token, salt, hash } = makeToken();
  const asked = checked(request, now);
  await updateTokens(file, (tokens) => {
    const namesake = tokens.find((other) => other.name === asked.name && stateOf(other, now) === 'active');
    if (namesake) {
      throw new ConfigError(
        `There is an active token named ${quoted(asked.name)} (${namesake.id}); choose another name, or revoke it first.`,
      );
    }
    tokens.push({
      id,
      ...asked,
      created_at: new Date(now).toISOString(),
      salt: salt.toString('hex'),
      hash: hash.toString('hex'),
    });
  });
  return { id, token };
}

/**
 * Revokes for good the token with this id, or the active one with this name; the token itself serves as its id. It stays
 * in the file.
 * @param now in milliseconds since the epoch
 * @throws {ConfigError} when there is none, it is revoked already, or the file cannot be used.
 */
export async function revokeToken(file: string, idOrName: string, now = Date.now()): Promise<TokenListing> {
  const wanted = parseToken(idOrName)?.id ?? idOrName;
  return await updateTokens(file, (tokens) => {
    const token =
      tokens.find(({ id }) => id === wanted) ??
      tokens.find((other) => other.name === wanted && stateOf(other, now) === 'active');
    if (!token) {
      throw new ConfigError(`No token has the id ${quoted(wanted)}, and no active one that name; "list" shows them.`);
    }
    if (token.revoked_at !== undefined) {
      throw new ConfigError(`The token ${token.id} is revoked already, since ${token.revoked_at}.`);
    }
    token.revoked_at = new Date(now).toISOString();
    return describe(token, now);
  });
}

/**
 * All tokens that were ever made, in that order; none when there is no file.
 * @param now in milliseconds since the epoch
 * @throws {ConfigError} when the file cannot be used.
 */
export async function listTokens(file: string, now = Date.now()): Promise<TokenListing[]> {
  return ((await readTokens(file)) ?? []).map((token) => describe(token, now));
}

function checked({ name, scopes, gates, expiresAt }: NewToken, now: number) {
  if (scopes.length === 0) throw new ConfigError(`A token needs one or more of the scopes ${SCOPES.join(', ')}.`);
  if (expiresAt && expiresAt.getTime() <= now) {
    throw new ConfigError(`The token would have expired at ${expiresAt.toISOString()}; choose a time to come.`);
  }
  const checkedGates = gates.map((gate) => checkedBy(gateSchema, 'gate', gate));
  return {
    name: checkedBy(tokenNameSchema, 'name', name),
    scopes: [...new Set(scopes.map((scope) => checkedBy(scopeSchema, 'scope', scope)))],
    ...(checkedGates.length > 0 && { gates: [...new Set(checkedGates)] }),
    ...(expiresAt && { expires_at: expiresAt.toISOString() }),
  };
}

function checkedBy<T>(schema: z.ZodType<T>, what: string, value: string): T {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  throw new ConfigError(`The ${what} ${quoted(value)} cannot be used: ${error.issues[0]?.message}`);
}

function describe({ salt, hash, ...told }: StoredToken, now: number): TokenListing {
  return { ...told, state: stateOf(told, now) };
}

function stateOf({ revoked_at, expires_at }: Pick<StoredToken, 'revoked_at' | 'expires_at'>, now: number): TokenState {
  if (revoked_at !== undefined) return 'revoked';
  return expires_at !== undefined && Date.parse(expires_at) <= now ? 'expired' : 'active';
}

/** Line breaks and escape sequences are spelt out. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
