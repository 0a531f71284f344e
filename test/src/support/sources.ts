import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A file of the product. */
export interface SourceFile {
  /** From the root. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

/** The product's files of a room, such as `apps/api`, without tests. */
export function sourcesOf(room: string): SourceFile[] {
  return readdirSync(join(ROOT, room, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.(test|contract)\.ts$/.test(name))
    .map((name) => {
      const path = join(ROOT, room, 'src', name);
      const text = readFileSync(path, 'utf8');
      return { path: relative(ROOT, path), text, imports: importsOf(text) };
    });
}

/** Static imports and re-exports, files that are taken from packages, and every mention of another room. */
function importsOf(text: string): string[] {
  const statements = text.matchAll(/^(?:import|export)\s(?:[^;'=]*\bfrom\s)?'([^'\n]+)';/gm);
  const files = text.matchAll(/\bresolve\(`([^`$]+)\//g);
  const mentions = text.matchAll(/'(@rollcall\/[^'\n]+)'/g);
  return [...new Set([...statements, ...files, ...mentions].map(([, specifier]) => specifier ?? ''))];
}

/** The package of an import: `@rollcall/worker/main` is of `@rollcall/worker`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
