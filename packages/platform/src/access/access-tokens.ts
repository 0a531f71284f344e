import type { Scope } from '@rollcall/contracts';
import { ConfigError } from '../config.js';
import { isSecretOf, NO_SECRET, parseToken, type SecretHash } from './token.js';
import { readTokens, type StoredToken, versionOf } from './token-file.js';

/** How often the file is looked at, and so about how long a revoked token still opens the door. */
const POLL_MS = 1_000;

/** A valid token's rights. Nothing in it is secret. */
export interface AccessToken {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Empty: for every gate. */
  readonly gates: readonly string[];
}

/** The tokens of a file, as it is now. */
export interface AccessTokens {
  /**
   * Reads the file and follows it from then on.
   * @throws {ConfigError} when it is there and cannot be used.
   */
  load(): Promise<void>;
  /** True once there has been a file: without it, or without a valid token in it, nobody is let in. */
  required(): boolean;
  /** The token's rights; undefined when it is malformed, unknown, revoked or expired. */
  verify(presented: string): AccessToken | undefined;
  close(): void;
}

export interface AccessTokensOptions {
  /** In milliseconds since the epoch. */
  readonly now?: () => number;
  /** Told once of every change of the file that cannot be used, and when the file has gone. */
  onError(error: Error): void;
}

interface KnownToken {
  readonly token: AccessToken;
  readonly secret: SecretHash;
  readonly isRevoked: boolean;
  /** In milliseconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * Verifies tokens from memory. The file is looked at by its path every second, which also sees a file that another one
 * replaces and a link that is led elsewhere. While it cannot be read or understood, the last good tokens hold.
 */
export function createAccessTokens(file: string, { now = Date.now, onError }: AccessTokensOptions): AccessTokens {
  let known: ReadonlyMap<string, KnownToken> = new Map();
  let required = false;
  /** The version of the file that `known` holds; undefined when there was none. */
  let held: string | undefined;
  /** The version that was looked at last. */
  let seen: string | undefined;
  let lastFailure: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function refresh(): Promise<void> {
    seen = await versionOf(file);
    if (seen === held) return;
    if (seen !== undefined) required = true;
    const stored = await readTokens(file);
    known = new Map(stored?.map((token) => [token.id, toKnown(token)]));
    held = stored && seen;
    if (!stored) throw new ConfigError(`The access tokens file ${file} has gone; nobody is let in until it is back.`);
  }

  async function follow(): Promise<void> {
    try {
      await refresh();
      lastFailure = undefined;
    } catch (error) {
      // There may be a file, so the door is not left open.
      required = true;
      const { message } = error as Error;
      const failure = `${seen} ${message}`;
      if (failure !== lastFailure) onError(error as Error);
      lastFailure = failure;
    }
    schedule();
  }

  function schedule(): void {
    if (!closed) timer = setTimeout(follow, POLL_MS).unref();
  }

  return {
    async load() {
      await refresh();
      schedule();
    },
    required: () => required,
    verify(presented) {
      const parts = parseToken(presented);
      if (!parts) return undefined;
      const candidate = known.get(parts.id);
      // Before anything else is asked of the candidate: the time tells nothing of it.
      const isGenuine = isSecretOf(candidate?.secret ?? NO_SECRET, parts.secret);
      if (!candidate || !isGenuine || candidate.isRevoked || candidate.expiresAt <= now()) return undefined;
      return candidate.token;
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** Whether the token has the scope; `admin` has them all. */
export function allows({ scopes }: Pick<AccessToken, 'scopes'>, scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes('admin');
}

function toKnown({ id, name, scopes, gates = [], ...kept }: StoredToken): KnownToken {
  return {
    token: { id, name, scopes, gates },
    secret: { salt: Buffer.from(kept.salt, 'hex'), hash: Buffer.from(kept.hash, 'hex') },
    isRevoked: kept.revoked_at !== undefined,
    expiresAt: kept.expires_at === undefined ? Number.POSITIVE_INFINITY : Date.parse(kept.expires_at),
  };
}
