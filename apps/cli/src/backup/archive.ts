import { createHash } from 'node:crypto';
import type { BlobStore } from '@rollcall/platform';
import { contentsOf, type Snapshot, snapshotSchema } from './snapshot.js';

const CONTENTS = 'contents/';
const SNAPSHOTS = 'snapshots/';
const DELETED_AT_ONCE = 1000;

/** What a backup holds is not what was put into it. The message names what, and never shows it. */
export class DamagedBackupError extends Error {
  override name = 'DamagedBackupError';
}

/**
 * The folder of a backup: contents by their SHA-256, each once, and snapshots that name them. A snapshot's name is its time
 * and the beginning of its own SHA-256, so that damage shows everywhere.
 */
export interface Archive {
  /** @returns the content's SHA-256. */
  put(bytes: Uint8Array): Promise<string>;
  has(sha256: string): boolean;
  /** @throws {DamagedBackupError} when it is missing or not what was put in. */
  get(sha256: string): Promise<Uint8Array>;
  /** Names, oldest first. */
  snapshots(): Promise<string[]>;
  /** @throws {DamagedBackupError} when it is not as it was written. */
  open(name: string): Promise<Snapshot>;
  /** Adds the snapshot, in the place of the one named `instead`. @returns its name. */
  save(snapshot: Snapshot, instead?: string): Promise<string>;
  remove(name: string): Promise<void>;
  /** Removes every content that no snapshot names. @returns how many. */
  prune(): Promise<number>;
}

/** @param store the folder's. */
export async function openArchive(store: BlobStore): Promise<Archive> {
  const contents = new Set((await store.list(CONTENTS)).map(({ key }) => key.slice(key.lastIndexOf('/') + 1)));

  async function snapshots(): Promise<string[]> {
    const names = (await store.list(SNAPSHOTS)).map(({ key }) => key.slice(SNAPSHOTS.length, -'.json'.length));
    return names.filter((name) => nameParts(name) !== undefined).sort();
  }

  async function open(name: string): Promise<Snapshot> {
    const object = await store.get(`${SNAPSHOTS}${name}.json`);
    const isWhole = object && shaOf(object.bytes).startsWith(nameParts(name) ?? '-');
    if (!isWhole) throw new DamagedBackupError(`The snapshot ${name} is damaged or missing.`);
    return snapshotSchema.parse(JSON.parse(Buffer.from(object.bytes).toString()));
  }

  async function remove(name: string): Promise<void> {
    await store.delete([`${SNAPSHOTS}${name}.json`]);
  }

  return {
    async put(bytes) {
      const sha256 = shaOf(bytes);
      if (!contents.has(sha256)) await store.put(keyOf(sha256), bytes);
      contents.add(sha256);
      return sha256;
    },
    has: (sha256) => contents.has(sha256),
    async get(sha256) {
      const object = await store.get(keyOf(sha256));
      if (object === undefined) throw new DamagedBackupError(`${keyOf(sha256)} is missing.`);
      if (shaOf(object.bytes) !== sha256) throw new DamagedBackupError(`${keyOf(sha256)} is damaged.`);
      return object.bytes;
    },
    snapshots,
    open,
    async save(snapshot, instead) {
      const bytes = Buffer.from(JSON.stringify(snapshot));
      const name = `${snapshot.started_at.replace(/[-:.]/g, '')}-${shaOf(bytes).slice(0, NAME_DIGITS)}`;
      await store.put(`${SNAPSHOTS}${name}.json`, bytes);
      if (instead !== undefined && instead !== name) await remove(instead);
      return name;
    },
    remove,
    async prune() {
      const needed = new Set<string>();
      for (const name of await snapshots()) for (const sha256 of contentsOf(await open(name))) needed.add(sha256);
      const unneeded = [...contents].filter((sha256) => !needed.has(sha256));
      for (let start = 0; start < unneeded.length; start += DELETED_AT_ONCE) {
        await store.delete(unneeded.slice(start, start + DELETED_AT_ONCE).map(keyOf));
      }
      for (const sha256 of unneeded) contents.delete(sha256);
      return unneeded.length;
    },
  };
}

const NAME_DIGITS = 16;

/** The part of its SHA-256 that a snapshot's name has; undefined when it is no snapshot's. */
function nameParts(name: string): string | undefined {
  return /^\d{8}T\d{9}Z-([0-9a-f]{16})$/.exec(name)?.[1];
}

function keyOf(sha256: string): string {
  return `${CONTENTS}${sha256.slice(0, 2)}/${sha256}`;
}

function shaOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
