import { readFileSync } from 'node:fs';

const source = readFileSync(new URL('../../../packages/platform/src/config.ts', import.meta.url), 'utf8');

/** Every environment variable that the config module knows, `…_FILE` of its secrets included. */
export const KNOWN_VARIABLES: ReadonlySet<string> = (() => {
  const schema = source.slice(source.indexOf('const environmentSchema'), source.indexOf('.superRefine('));
  const names = [...schema.matchAll(/^ {4}([A-Z][A-Z0-9_]+):/gm)].map(([, name = '']) => name);
  const secrets = source.slice(source.indexOf('const SECRETS'), source.indexOf('];', source.indexOf('const SECRETS')));
  const files = [...secrets.matchAll(/'([A-Z_]+)'/g)].map(([, name = '']) => `${name}_FILE`);
  return new Set([...names, ...files]);
})();

/** What its secrets are called: their values stand in no manifest. */
export const SECRET_VARIABLES: readonly string[] = [...KNOWN_VARIABLES].filter((name) =>
  KNOWN_VARIABLES.has(`${name}_FILE`),
);

/** What other programs read. */
export const FOREIGN_VARIABLES = [
  'CUDA_CACHE_PATH',
  'HOME',
  'MINIO_BROWSER',
  'MINIO_ROOT_PASSWORD',
  'MINIO_ROOT_PASSWORD_FILE',
  'MINIO_ROOT_USER',
  'MINIO_ROOT_USER_FILE',
  'REDISCLI_AUTH',
  'ROLLCALL_DOMAIN',
  'ROLLCALL_TLS',
];

export const unknownVariables = (names: Iterable<string>): string[] =>
  [...names].filter((name) => !KNOWN_VARIABLES.has(name) && !FOREIGN_VARIABLES.includes(name));
