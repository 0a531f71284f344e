import { ConfigError } from './config-error.js';

export interface EncryptionKey {
  /** Written in front of everything that is encrypted with it. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

/** Comma-separated; blanks around the parts do not count. */
export function partsOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

const KEY_BYTES = 32;
const HOW_TO_MAKE_A_KEY = 'make one with: openssl rand -base64 32';

/** `id:key,id:key`, the keys in base64. @throws {ConfigError} that tells nothing of a key but its id. */
export function encryptionKeys(text: string | undefined): EncryptionKey[] {
  const keys = partsOf(text ?? '').map((part) => {
    const [, id, key] = /^([A-Za-z0-9_-]{1,32}):(.*)$/.exec(part) ?? [];
    if (id === undefined || key === undefined) {
      throw new ConfigError('ENCRYPTION_KEYS: must be id:key,id:key with ids of up to 32 letters, digits, _ and -');
    }
    return { id, key: keyBytes(`ENCRYPTION_KEYS, key "${id}"`, key) };
  });
  const ids = keys.map(({ id }) => id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new ConfigError(`ENCRYPTION_KEYS: there are two keys "${twice}"`);
  return keys;
}

/** @throws {ConfigError} that names the variable and tells nothing of the key. */
export function keyBytes(name: string, base64: string): Buffer {
  const key = Buffer.from(base64, 'base64');
  if (key.length !== KEY_BYTES || key.toString('base64').replace(/=+$/, '') !== base64.replace(/=+$/, '')) {
    throw new ConfigError(`${name}: is not the base64 of ${KEY_BYTES} bytes; ${HOW_TO_MAKE_A_KEY}`);
  }
  return key;
}
