import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

// biome-ignore lint/style/noProcessEnv: tests have no config module, and this one looks for programs
const env = process.env;

/** A program that some tests need, and how to say that it is not there. */
export interface NeededProgram {
  /** The variable that may have its path, else it is looked for on the PATH, else where the CI script builds it. */
  find(): string | undefined;
  /** Whether tests have to be skipped for want of it, which it reports. CI skips none: there they fail. */
  isMissing(): boolean;
  /** @throws {Error} that says how to get it. */
  require(): string;
}

export function neededProgram(name: string, variable: string, howToGetIt: string): NeededProgram {
  function find(): string | undefined {
    const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
    const cache = env.XDG_CACHE_HOME || join(homedir(), '.cache');
    const places = [...folders, join(cache, 'rollcall-ci', 'bin')].map((folder) => join(folder, name));
    const given = env[variable];
    return (given ? [given] : places).find(isExecutable);
  }
  return {
    find,
    isMissing() {
      if (env.CI || find()) return false;
      process.stderr.write(`Tests are SKIPPED. ${howToGetIt}\n`);
      return true;
    },
    require() {
      const path = find();
      if (!path) throw new Error(howToGetIt);
      return path;
    },
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
