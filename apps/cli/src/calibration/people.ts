import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '@rollcall/platform';

/** A photo of a person whose name is that of its folder. */
export interface PersonPhoto {
  readonly person: string;
  /** How people are told of it: `person/file`. */
  readonly label: string;
  read(): Promise<Uint8Array>;
}

const PHOTO_NAME = /^[^.].*\.(jpe?g|png|webp)$/i;

/**
 * Every photo of a folder with one folder per person.
 * @throws {ConfigError} when it cannot be read, or holds photos of fewer than two people.
 */
export async function readPeople(folder: string): Promise<PersonPhoto[]> {
  const photos: PersonPhoto[] = [];
  try {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
      const names = await readdir(join(folder, entry.name));
      for (const name of names.filter((candidate) => PHOTO_NAME.test(candidate)).sort()) {
        const path = join(folder, entry.name, name);
        photos.push({ person: entry.name, label: `${entry.name}/${name}`, read: () => readFile(path) });
      }
    }
  } catch (error) {
    throw new ConfigError(`${folder} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  if (new Set(photos.map(({ person }) => person)).size >= 2) return photos;
  throw new ConfigError(
    `Nothing to compare: ${folder} must have a folder for each of two people or more, with their photos (.jpg, .png, .webp).`,
  );
}
