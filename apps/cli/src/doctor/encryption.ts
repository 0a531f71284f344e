import { BlobStoreError, type Config, ConfigError, checkEncryptionKeys, createBlobStore } from '@rollcall/platform';
import { type Check, failed, messageOf, ok, warning } from './check.js';

const NAME = 'encryption';
const PUT_BACK =
  'Put the keys that the store was written with into ENCRYPTION_KEYS, a new one in front: export ENCRYPTION_KEYS=new:…,old:…';

/** Whether the keys are those that the store was written with. It does not have the store remember a new one. */
export function checkEncryption(config: Pick<Config, 's3' | 'dataDir' | 'encryption'>): Check {
  const { keys, strict } = config.encryption;
  return {
    name: NAME,
    mend: 'Mend the store first: npx rollcall doctor',
    timeoutMs: 15_000,
    async run() {
      let store: ReturnType<typeof createBlobStore>;
      try {
        store = createBlobStore(config, { makesBucket: false });
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        return [failed(NAME, 'ENCRYPTION_STRICT is set without ENCRYPTION_KEYS', MAKE_KEY)];
      }
      try {
        await checkEncryptionKeys({ list: store.list, get: store.get, putIfAbsent: async () => undefined }, keys);
      } catch (error) {
        if (!(error instanceof BlobStoreError)) throw error;
        if (error.code === 'undecryptable') return [failed(NAME, messageOf(error), PUT_BACK)];
        if (error.origin !== 'NoSuchBucket') {
          return [warning(NAME, 'cannot be told while the store fails', 'Mend the store first: npx rollcall doctor')];
        }
      } finally {
        store.close();
      }
      if (keys.length === 0) return [ok(NAME, 'off: ENCRYPTION_KEYS is not set')];
      const [first, ...others] = keys.map(({ id }) => `"${id}"`);
      const readers = others.length > 0 ? `, ${others.join(', ')} read` : '';
      return [ok(NAME, `the key ${first} writes${readers}${strict ? '; what is plain is refused' : ''}`)];
    },
  };
}

const MAKE_KEY = 'Make a key, or unset ENCRYPTION_STRICT: export ENCRYPTION_KEYS=k1:$(openssl rand -base64 32)';
