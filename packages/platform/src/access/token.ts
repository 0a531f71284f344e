import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 32 characters, so that five bits of a random byte choose one without bias. */
const ID_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const ID_LENGTH = 12;
const SECRET_BYTES = 32;

export const TOKEN_ID = /^[a-z2-7]{12}$/;
const TOKEN = /^rc_([a-z2-7]{12})_([A-Za-z0-9_-]{43})$/;

export const SALT_BYTES = 16;
export const HASH_BYTES = 32;

/**
 * What is kept of a secret: SHA-256(salt || secret). A slow password hash would make guessing dear, but nobody guesses 256
 * random bits at any speed, while every request pays for the hash.
 */
export interface SecretHash {
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** Compared with where no token has the id, so that an unknown id takes the time of a known one. */
export const NO_SECRET: SecretHash = { salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };

/** A new token `rc_<id>_<secret>`. The id is public; the secret is 32 random bytes in base64url. */
export function makeToken(): SecretHash & { readonly id: string; readonly token: string } {
  const id = Array.from(randomBytes(ID_LENGTH), (byte) => ID_ALPHABET[byte % ID_ALPHABET.length]).join('');
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const salt = randomBytes(SALT_BYTES);
  return { id, token: `rc_${id}_${secret}`, salt, hash: hashOf(salt, secret) };
}

/** The parts of a token; undefined when the text has not a token's form. */
export function parseToken(text: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = TOKEN.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** Takes the same time whatever the secret is. */
export function isSecretOf({ salt, hash }: SecretHash, secret: string): boolean {
  return timingSafeEqual(hashOf(salt, secret), hash);
}

/** Of the secret as it is written: two spellings of base64url that decode to the same bytes are two secrets. */
function hashOf(salt: Buffer, secret: string): Buffer {
  return createHash('sha256').update(salt).update(secret).digest();
}
