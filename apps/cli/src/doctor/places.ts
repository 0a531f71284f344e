import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from './check.js';

/** The file or folder itself, or the nearest folder above it that is there, in which it would be made. */
export async function nearestExisting(path: string): Promise<string> {
  for (let place = path; ; place = dirname(place)) {
    // What is below a folder that this user cannot open might as well not be there.
    const mode = await modeOf(place).catch(() => undefined);
    if (mode !== undefined || place === dirname(place)) return place;
  }
}

/** Why this user cannot write there, by the system's name of the error; undefined when it can. */
export async function obstacleTo(path: string): Promise<string | undefined> {
  try {
    const place = await nearestExisting(path);
    await access(place, constants.W_OK);
    if (place !== path && !(await stat(place)).isDirectory()) return 'ENOTDIR';
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

/** Permission bits; undefined when nothing is there. */
export async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode & 0o777;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined;
    throw error;
  }
}

export function octal(mode: number): string {
  return mode.toString(8).padStart(3, '0');
}
