import { readFileSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { headFile } from './audit-files.js';
import type { Seal } from './seal.js';

/** How far a chain has come. Before its first line `seq` is -1 and `hash` empty. */
export interface Head {
  readonly chain: string;
  readonly seq: number;
  readonly hash: string;
}

/** The text of a head file. */
export function formatHead(seal: Seal, { chain, seq, hash }: Head): string {
  return `${JSON.stringify({ chain, seq, hash, mac: seal.mac(toVouchFor({ chain, seq, hash })) })}\n`;
}

/** Replaces the head file at once, after the lines that it vouches for are on the disk. */
export async function saveHead(file: string, seal: Seal, head: Head): Promise<void> {
  const log = await open(file, 'r');
  await log.datasync().finally(() => log.close());
  const target = headFile(file, head.chain);
  const draft = await open(draftOf(target), 'w', 0o600);
  await draft.writeFile(formatHead(seal, head)).finally(() => draft.close());
  await rename(draftOf(target), target);
}

/** The head if it is vouched for. */
export function parseHead(seal: Seal, chain: string, text: string): Head | undefined {
  try {
    const { seq, hash, mac } = JSON.parse(text);
    const head = { chain, seq, hash };
    return mac === seal.mac(toVouchFor(head)) ? head : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined when there is no file; `head` undefined when nobody vouches for it. */
export async function readHead(file: string, seal: Seal, chain: string): Promise<{ head?: Head } | undefined> {
  try {
    const head = parseHead(seal, chain, await readFile(headFile(file, chain), 'utf8'));
    return head ? { head } : {};
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function readHeadSync(file: string, seal: Seal, chain: string): Head | undefined {
  try {
    return parseHead(seal, chain, readFileSync(headFile(file, chain), 'utf8'));
  } catch {
    return undefined;
  }
}

export async function removeHead(file: string, chain: string): Promise<void> {
  const target = headFile(file, chain);
  await rm(target, { force: true });
  await rm(draftOf(target), { force: true });
}

/** As other lines name it. */
export function nameOf({ chain, seq }: Pick<Head, 'chain' | 'seq'>): string {
  return `${chain}:${seq}`;
}

function draftOf(target: string): string {
  return `${target}.tmp`;
}

function toVouchFor({ chain, seq, hash }: Head): string {
  return `head:${chain}:${seq}:${hash}`;
}
